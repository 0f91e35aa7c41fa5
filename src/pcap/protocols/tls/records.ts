/** Cuts the stream of a side into the records of TLS, and these into messages of the handshake (RFC 8446, 4 and 5.1). */
import { Cursor } from "../cursor.ts";

/** What a record carries. */
export const CONTENT = { changeCipher: 20, alert: 21, handshake: 22, data: 23, heartbeat: 24 } as const;

export type TlsEvents = {
  /** A message of the handshake that is not encrypted; valid during the call. */
  message(type: number, body: Cursor): void;
  changeCipher(): void;
  alert(level: number, description: number): void;
  /** A record that cannot be read. */
  encrypted(type: number): void;
  /** The stream cannot be followed any longer: bytes are missing, or they are no TLS. */
  lost(): void;
};

export type TlsRecords = {
  data(bytes: Uint8Array, start: number, end: number): void;
  gap(length: number): void;
  /** Bytes of messages that are not whole. */
  held(): number;
};

const HEADER = 5;
const MESSAGE_HEADER = 4;
/** The longest record (RFC 5246, 6.2.3), and the most of a handshake that is kept until its message is whole. */
const LONGEST_RECORD = 2 ** 14 + 2_048;
const LONGEST_MESSAGE = 2 ** 18;

export function tlsRecords(events: TlsEvents): TlsRecords {
  const header = new Uint8Array(HEADER);
  let headerBytes = 0;
  let type = 0;
  let remaining = 0;
  let isEncrypted = false;
  let isLost = false;
  /** What came of messages that are not whole, or of another short record. */
  let held = new Uint8Array(0);
  let length = 0;

  const lose = () => {
    isLost = true;
    held = new Uint8Array(0);
    events.lost();
  };
  const hold = (bytes: Uint8Array, start: number, end: number) => {
    const size = end - start;
    if (length + size > held.length) {
      const grown = new Uint8Array(Math.max(2_048, 2 * (length + size)));
      grown.set(held.subarray(0, length));
      held = grown;
    }
    held.set(bytes.subarray(start, end), length);
    length += size;
  };
  const readMessages = () => {
    let at = 0;
    while (!isLost && at + MESSAGE_HEADER <= length) {
      const cursor = new Cursor(held, at + 1, length);
      const size = cursor.u24();
      if (size > LONGEST_MESSAGE) return lose();
      if (cursor.left < size) break;
      events.message(held[at]!, cursor.part(size));
      at += MESSAGE_HEADER + size;
    }
    if (at === 0) return;
    length -= at;
    if (length === 0) held = new Uint8Array(0);
    else held.copyWithin(0, at, at + length);
  };
  const begin = () => {
    type = header[0]!;
    remaining = (header[3]! << 8) | header[4]!;
    const isKnown = type >= CONTENT.changeCipher && type <= CONTENT.heartbeat && header[1] === 3;
    if (!isKnown || remaining > LONGEST_RECORD) return lose();
    if (isEncrypted || type === CONTENT.data) events.encrypted(type);
    // An alert that is not the rest of a handshake begins for itself.
    if (type !== CONTENT.handshake) length = 0;
  };
  const finish = () => {
    headerBytes = 0;
    if (isEncrypted) return;
    if (type === CONTENT.handshake) readMessages();
    else if (type === CONTENT.alert) {
      if (length === 2) events.alert(held[0]!, held[1]!);
      length = 0;
    } else if (type === CONTENT.changeCipher) {
      isEncrypted = true;
      events.changeCipher();
    }
  };

  return {
    held: () => held.length,
    data(bytes, start, end) {
      for (let at = start; at < end && !isLost; ) {
        if (headerBytes < HEADER) {
          header[headerBytes++] = bytes[at++]!;
          if (headerBytes < HEADER) continue;
          begin();
          if (!isLost && remaining === 0) finish();
          continue;
        }
        const size = Math.min(remaining, end - at);
        if (!isEncrypted && (type === CONTENT.handshake || type === CONTENT.alert))
          hold(bytes, at, at + size);
        at += size;
        remaining -= size;
        if (remaining === 0) finish();
      }
    },
    gap(size) {
      if (isLost) return;
      const isPassed = isEncrypted || type === CONTENT.data;
      if (headerBytes < HEADER || size > remaining || !isPassed) return lose();
      remaining -= size;
      if (remaining === 0) finish();
    },
  };
}
