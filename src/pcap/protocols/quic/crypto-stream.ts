/** The messages of a handshake in QUIC: CRYPTO frames (RFC 9000, 19.6) put in order. */
import { Cursor } from "../cursor.ts";
import { varint } from "./initial.ts";

/** A hello is far shorter; what lies further on is passed over. */
const MOST_BYTES = 65_536;
const FRAME = { padding: 0, ping: 1, ack: 2, ackWithCounts: 3, crypto: 6 } as const;

export type CryptoStream = {
  /** Takes in the frames of a packet. */
  take(frames: Uint8Array): void;
  /** The body of the first message, if it is whole and of this type. */
  message(type: number): Cursor | undefined;
};

export function cryptoStream(): CryptoStream {
  let pieces: { at: number; bytes: Uint8Array }[] = [];
  let held: Uint8Array = new Uint8Array(0);
  const put = (at: number, bytes: Uint8Array) => {
    if (at + bytes.length > MOST_BYTES) return;
    pieces.push({ at, bytes });
    pieces.sort((one, other) => one.at - other.at);
    for (const piece of pieces) {
      const skip = held.length - piece.at;
      if (skip < 0) break;
      if (skip < piece.bytes.length) held = Buffer.concat([held, piece.bytes.subarray(skip)]);
    }
    pieces = pieces.filter((piece) => piece.at + piece.bytes.length > held.length);
  };
  return {
    take(frames) {
      const cursor = new Cursor(frames, 0, frames.length);
      while (cursor.left > 0) {
        const type = cursor.u8();
        if (type === FRAME.padding || type === FRAME.ping) continue;
        if (type === FRAME.crypto) {
          const at = varint(cursor);
          const { bytes, at: start, end } = cursor.part(varint(cursor));
          if (cursor.isBeyond) return;
          put(at, new Uint8Array(bytes.subarray(start, end)));
        } else if (type === FRAME.ack || type === FRAME.ackWithCounts) {
          varint(cursor);
          varint(cursor);
          let numbers = 2 * varint(cursor) + 1 + (type === FRAME.ackWithCounts ? 3 : 0);
          while (numbers-- > 0 && !cursor.isBeyond) varint(cursor);
        } else return;
      }
    },
    message(type) {
      const cursor = new Cursor(held, 0, held.length);
      if (cursor.left < 4 || cursor.u8() !== type) return undefined;
      const body = cursor.part(cursor.u24());
      return cursor.isBeyond ? undefined : body;
    },
  };
}
