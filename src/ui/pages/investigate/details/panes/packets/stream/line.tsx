import { memo } from "react";
import { cellsOf, hexOf } from "../../../../../../parts/cells.ts";
import type { ByteRange, Side } from "../packets-state.ts";
import { HEX_WIDTH, type Look } from "./rows.ts";

type Props = {
  readonly bytes: Uint8Array;
  /** Its first byte, counted in what its side said or in the packet. */
  readonly position: number;
  readonly side?: Side | undefined;
  readonly look: Look;
  /** What is selected of it. */
  readonly selected: ByteRange | undefined;
};

type Piece = {
  readonly text: string;
  readonly at: number;
  readonly length: number;
  readonly look: string | undefined;
};

/** A line of bytes: as text, as hex, or both side by side. It is only ever text, whatever the bytes are. */
export const Line = memo(({ bytes, position, side, look, selected }: Props) => {
  const isSelected = (at: number) => selected !== undefined && at >= selected.from && at <= selected.to;
  const spans = (per: string, pieces: readonly Piece[]) =>
    pieces.map((piece) => (
      <span
        key={piece.at}
        data-byte={piece.at}
        data-length={piece.length}
        data-side={side}
        data-per={per}
        className={piece.look}
      >
        {piece.text}
      </span>
    ));
  if (look === "text") {
    return <span className="bytes-text">{spans("cells", textPieces(bytes, position, isSelected))}</span>;
  }
  return (
    <>
      <span className="bytes-offset">{position.toString(16).padStart(8, "0")}</span>
      <span className="bytes-hex">
        {spans(
          "3",
          pieces(bytes, position, isSelected, (byte) => `${hexOf(byte)} `),
        )}
        {" ".repeat(Math.max(0, HEX_WIDTH - bytes.length) * 3)}
      </span>
      {look === "both" && (
        <span className="bytes-ascii">{spans("1", pieces(bytes, position, isSelected, asciiOf))}</span>
      )}
    </>
  );
});

function asciiOf(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
}

/** Bytes that look alike and follow each other make one piece. */
function pieces(
  bytes: Uint8Array,
  position: number,
  isSelected: (at: number) => boolean,
  textOf: (byte: number) => string,
): Piece[] {
  const found: { text: string; at: number; length: number; look: string | undefined }[] = [];
  bytes.forEach((byte, index) => {
    const at = position + index;
    const look = isSelected(at) ? "bytes-selected" : undefined;
    const last = found.at(-1);
    if (last?.look === look && last !== undefined) {
      last.text += textOf(byte);
      last.length++;
    } else found.push({ text: textOf(byte), at, length: 1, look });
  });
  return found;
}

function textPieces(bytes: Uint8Array, position: number, isSelected: (at: number) => boolean): Piece[] {
  const found: { text: string; at: number; length: number; look: string | undefined }[] = [];
  let at = position;
  for (const cell of cellsOf(bytes)) {
    const look = [cell.isSign && "bytes-sign", isSelected(at) && "bytes-selected"].filter(Boolean).join(" ");
    const last = found.at(-1);
    if (last !== undefined && (last.look ?? "") === look) {
      last.text += cell.text;
      last.length += cell.bytes;
    } else found.push({ text: cell.text, at, length: cell.bytes, look: look === "" ? undefined : look });
    at += cell.bytes;
  }
  return found;
}
