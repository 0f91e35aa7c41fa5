/** SMB 2 and 3 (MS-SMB2, 2.2). */
import { textOfUtf16 } from "../text.ts";
import type { Move } from "./moved.ts";
import { type ShareType, type SmbRequest, type SmbTalk, takeMoved, timesAt } from "./talk.ts";

const HEADER = 64;
const COMMAND = { setup: 1, connect: 3, create: 5, close: 6, read: 8, write: 9, set: 17 } as const;
const PENDING = 0x103;
const DELETE_ON_CLOSE = 0x1000;
const RENAME = 10;
const DISPOSITION = 13;
const SHARES: readonly ShareType[] = [undefined, "DISK", "PIPE", "PRINT"];
/** The id that stands for the file of the request before, in messages that belong together. */
const SAME = "ffffffffffffffffffffffffffffffff";

/**
 * Reads a message, which may be several that belong together.
 *
 * @returns what goes on to take what the last of them moves of a file, when more of it is behind `end`
 */
export function readSmb2(
  talk: SmbTalk,
  bytes: Uint8Array,
  start: number,
  end: number,
  micros: number,
): Move | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
  for (let at = 0; at + HEADER <= view.byteLength; ) {
    const next = view.getUint32(at + 20, true);
    const move = readOne(talk, view, at, micros);
    if (next < HEADER) return move;
    at += next;
  }
  return undefined;
}

function readOne(talk: SmbTalk, view: DataView, at: number, micros: number): Move | undefined {
  const command = view.getUint16(at + 12, true);
  const number = String(view.getBigUint64(at + 24, true));
  const isAnswer = (view.getUint32(at + 16, true) & 1) !== 0;
  if (isAnswer) return answer(talk, view, at, command, number);
  if (command === COMMAND.write && at + HEADER + 48 <= view.byteLength) {
    const body = at + HEADER;
    const offset = Number(view.getBigUint64(body + 8, true));
    const length = view.getUint32(body + 4, true);
    const file = hex(view, body + 16);
    if (file === SAME) return undefined;
    return takeMoved(talk, view, at + view.getUint16(body + 2, true), length, file, 0, offset);
  }
  const request = requestOf(talk, view, at, command, micros);
  if (request !== undefined) talk.ask(number, request);
  return undefined;
}

function requestOf(
  talk: SmbTalk,
  view: DataView,
  at: number,
  command: number,
  micros: number,
): SmbRequest | undefined {
  const body = at + HEADER;
  const has = (length: number) => body + length <= view.byteLength;
  const tree = view.getUint32(at + 36, true);
  const name = (offset: number) =>
    text(view, at + view.getUint16(body + offset, true), view.getUint16(body + offset + 2, true));
  switch (command) {
    case COMMAND.setup:
      if (has(16)) authenticate(talk, view, at, 12, undefined);
      return undefined;
    case COMMAND.connect:
      return has(8) ? { kind: "connect", micros, path: name(4) } : undefined;
    case COMMAND.create: {
      if (!has(48)) return undefined;
      const deletes = (view.getUint32(body + 40, true) & DELETE_ON_CLOSE) !== 0;
      return { kind: "open", micros, tree, name: name(44), deletes };
    }
    case COMMAND.read:
      return has(32)
        ? { kind: "read", file: hex(view, body + 16), offset: Number(view.getBigUint64(body + 8, true)) }
        : undefined;
    case COMMAND.close:
      if (has(24)) talk.closed(hex(view, body + 8));
      return undefined;
    case COMMAND.set:
      return has(32) ? change(view, at, micros) : undefined;
    default:
      return undefined;
  }
}

/** A change of a file that gives it another name, or says that it is to be deleted. */
function change(view: DataView, at: number, micros: number): SmbRequest | undefined {
  const body = at + HEADER;
  const file = hex(view, body + 16);
  if (view.getUint8(body + 2) !== 1 || file === SAME) return undefined;
  const kind = view.getUint8(body + 3);
  const from = at + view.getUint16(body + 8, true);
  if (kind === RENAME && from + 20 <= view.byteLength)
    return { kind: "rename", micros, file, name: text(view, from + 20, view.getUint32(from + 16, true)) };
  const isDeleted = kind === DISPOSITION && from < view.byteLength && view.getUint8(from) !== 0;
  return isDeleted ? { kind: "delete", micros, file } : undefined;
}

function answer(
  talk: SmbTalk,
  view: DataView,
  at: number,
  command: number,
  number: string,
): Move | undefined {
  const body = at + HEADER;
  const status = view.getUint32(at + 8, true);
  if (command === COMMAND.setup && body + 8 <= view.byteLength) authenticate(talk, view, at, 4, status);
  if (status === PENDING) return undefined;
  const request = talk.answered(number);
  if (request === undefined || status !== 0) return undefined;
  if (request.kind === "read") {
    if (command !== COMMAND.read || body + 16 > view.byteLength || request.file === SAME) return undefined;
    const from = at + view.getUint8(body + 2);
    return takeMoved(talk, view, from, view.getUint32(body + 4, true), request.file, 1, request.offset);
  }
  if (request.kind === "connect" && body + 3 <= view.byteLength)
    talk.connected(request, view.getUint32(at + 36, true), SHARES[view.getUint8(body + 2)], undefined);
  else if (request.kind === "open" && body + 80 <= view.byteLength)
    talk.opened(
      request,
      hex(view, body + 64),
      Number(view.getBigUint64(body + 48, true)),
      timesAt(view, body + 8),
    );
  else talk.changed(request);
  return undefined;
}

/** @param offset where in the body the place and length of the security buffer are */
function authenticate(
  talk: SmbTalk,
  view: DataView,
  at: number,
  offset: number,
  status: number | undefined,
): void {
  const from = at + view.getUint16(at + HEADER + offset, true);
  const to = Math.min(from + view.getUint16(at + HEADER + offset + 2, true), view.byteLength);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  talk.authenticate(bytes, Math.min(from, to), to, status);
}

function text(view: DataView, at: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return textOfUtf16(bytes, at, Math.min(at + length, bytes.length));
}

function hex(view: DataView, at: number): string {
  return Buffer.from(view.buffer, view.byteOffset + at, 16).toString("hex");
}
