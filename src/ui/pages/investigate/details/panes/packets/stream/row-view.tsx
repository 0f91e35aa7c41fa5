import { hexOf } from "../../../../../../parts/cells.ts";
import { timeText } from "../../../../../../parts/clock.ts";
import { counted, countText } from "../../../../../../parts/numbers.ts";
import type { ByteRange } from "../packets-state.ts";
import { Line } from "./line.tsx";
import { markText, reasonText, SPEAKERS } from "./marks.ts";
import { bytesOf, type Row } from "./rows.ts";

type Props = {
  readonly row: Row;
  readonly selected: ByteRange | undefined;
  readonly onPacket: (number: number) => void;
};

/** One row of a stream. */
export function RowView({ row, selected, onPacket }: Props) {
  if (row.kind === "line") {
    const { turn, start, end, look } = row;
    const position = turn.position + start;
    const touched =
      selected?.side === turn.side &&
      !turn.isReset &&
      selected.to >= position &&
      selected.from < turn.position + end;
    return (
      <Line
        bytes={turn.bytes.subarray(start, end)}
        position={position}
        side={turn.side}
        look={look}
        selected={touched ? selected : undefined}
      />
    );
  }
  if (row.kind === "turn") {
    const { side, time, packet, bytes, isReset } = row.turn;
    return (
      <span className="stream-head">
        <b>{SPEAKERS[side]}</b>
        <span>
          {isReset ? "said in its reset, which is no part of the stream:" : `${countText(bytes.length)} B`}
        </span>
        <span className="dim mono">{timeText(time)}</span>
        <PacketLink number={packet} onPacket={onPacket} />
      </span>
    );
  }
  if (row.kind === "gap") {
    const { side, length, reason, packet } = row.chunk;
    return (
      <span className="stream-mark" data-tone="gap">
        <b>
          {SPEAKERS[side]}: {counted(length, "byte")} {length === 1 ? "is" : "are"} missing
        </b>
        , {reasonText(reason)} <PacketLink number={packet} onPacket={onPacket} />
      </span>
    );
  }
  if (row.kind === "conflict") {
    const { position, kept, other, because, keptPacket, otherPacket } = row.conflict;
    return (
      <span className="stream-mark" data-tone="conflict">
        <b>{SPEAKERS[row.side]}: bytes came twice and differ</b> at {position.toString(16)}, shown:{" "}
        {hexText(kept)} <PacketLink number={keptPacket} onPacket={onPacket} />, came too: {hexText(other)}{" "}
        <PacketLink number={otherPacket} onPacket={onPacket} /> ({because})
      </span>
    );
  }
  const [first] = row.marks;
  return (
    <span className="stream-mark">
      {SPEAKERS[first.side]} {markText(first.kind)}
      {row.marks.length > 1 && `, ${countText(row.marks.length)} times`}{" "}
      <PacketLink number={first.packet} onPacket={onPacket} />
    </span>
  );
}

function PacketLink({ number, onPacket }: { number: number; onPacket: (number: number) => void }) {
  return (
    <button type="button" className="packet-link" onClick={() => onPacket(number)}>
      packet {number}
    </button>
  );
}

/** The first bytes of a base64 text in hex, enough to compare by eye. */
function hexText(base64: string): string {
  const bytes = bytesOf(base64);
  return `${[...bytes.subarray(0, 12)].map(hexOf).join(" ")}${bytes.length > 12 ? " …" : ""}`;
}
