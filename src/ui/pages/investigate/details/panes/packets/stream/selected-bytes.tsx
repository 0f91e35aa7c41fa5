import { Button } from "@mantine/core";
import { hexOf } from "../../../../../../parts/cells.ts";
import { copy } from "../../../../../../parts/clipboard.ts";
import { countText } from "../../../../../../parts/numbers.ts";
import type { ByteRange } from "../packets-state.ts";
import { SPEAKERS } from "./marks.ts";

type Props = {
  readonly range: ByteRange | undefined;
  /** What is selected, as far as it is there. */
  readonly bytes: Uint8Array | undefined;
};

/** Which bytes are selected, and what to do with them. */
export function SelectedBytes({ range, bytes }: Props) {
  return (
    <footer className="selected-bytes">
      {range === undefined ? (
        <span className="dim">Select bytes by the mouse, move with the arrow keys</span>
      ) : (
        <span role="status" aria-label="Selected bytes">
          {range.side !== undefined && `${SPEAKERS[range.side]}, `}
          {range.to === range.from
            ? `byte ${countText(range.from)}`
            : `${countText(range.to - range.from + 1)} bytes from ${countText(range.from)}`}
          {bytes !== undefined && <span className="dim mono"> {numbersText(bytes)}</span>}
        </span>
      )}
      {bytes !== undefined && (
        <Button.Group>
          <Button onClick={() => copy(new TextDecoder().decode(bytes))}>Copy text</Button>
          <Button onClick={() => copy([...bytes].map(hexOf).join(" "))}>Copy hex</Button>
        </Button.Group>
      )}
    </footer>
  );
}

/** What up to eight bytes say as a number, in network order and the other way round. */
function numbersText(bytes: Uint8Array): string {
  if (bytes.length > 8) return "";
  const big = (order: readonly number[]) => order.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const values = [...bytes];
  const network = big(values);
  const other = big(values.toReversed());
  return network === other ? `= ${network}` : `= ${network}, little-endian ${other}`;
}
