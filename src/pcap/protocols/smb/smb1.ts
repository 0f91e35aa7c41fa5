/** SMB 1 (MS-CIFS, 2.2; MS-SMB). */
import { textOf } from "../text.ts";
import type { Move } from "./moved.ts";
import { type SmbTalk, takeMoved, timesAt } from "./talk.ts";

/** The header; behind it the count of words, the words, the count of bytes, the bytes. */
const HEADER = 32;
const COMMAND = {
  ...{ close: 0x04, delete: 0x06, openX: 0x2d, read: 0x2e, write: 0x2f, setup: 0x73 },
  ...{ connect: 0x75, create: 0xa2 },
} as const;
/** Commands that another may follow in the same message. */
const CHAINED: ReadonlySet<number> = new Set([0x24, 0x2d, 0x2e, 0x2f, 0x73, 0x74, 0x75, 0xa2]);
const NO_MORE = 0xff;
const MOST_CHAINED = 8;
const DELETE_ON_CLOSE = 0x1000;

type Block = {
  readonly view: DataView;
  readonly command: number;
  /** How many words there are, where they begin, and the bytes behind them. */
  readonly words: number;
  readonly first: number;
  readonly bytes: number;
  readonly isUnicode: boolean;
};

/**
 * Reads a message, and those that follow in it.
 *
 * @returns what goes on to take what it moves of a file, when more of it is behind `end`
 */
export function readSmb1(
  talk: SmbTalk,
  bytes: Uint8Array,
  start: number,
  end: number,
  micros: number,
): Move | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
  if (view.byteLength < HEADER + 3) return undefined;
  const status = view.getUint32(5, true);
  const isAnswer = (view.getUint8(9) & 0x80) !== 0;
  const isUnicode = (view.getUint16(10, true) & 0x8000) !== 0;
  const tree = view.getUint16(24, true);
  const number = `${view.getUint16(26, true)} ${view.getUint16(30, true)}`;
  let command = view.getUint8(4);
  let at = HEADER;
  let move: Move | undefined;
  for (let count = 0; count < MOST_CHAINED && at < view.byteLength; count++) {
    const words = view.getUint8(at);
    const behind = at + 1 + words * 2 + 2;
    if (behind > view.byteLength) return move;
    const block = { view, command, words, first: at + 1, bytes: behind, isUnicode };
    const told = isAnswer
      ? answer(talk, block, `${number} ${command}`, tree, status)
      : request(talk, block, `${number} ${command}`, tree, micros);
    move = told ?? move;
    if (!CHAINED.has(command) || words < 2) return move;
    command = view.getUint8(at + 1);
    const next = view.getUint16(at + 3, true);
    if (command === NO_MORE || next <= at) return move;
    at = next;
  }
  return move;
}

function request(
  talk: SmbTalk,
  block: Block,
  number: string,
  tree: number,
  micros: number,
): Move | undefined {
  const { view, command, words, first, bytes, isUnicode } = block;
  if (command === COMMAND.setup) authenticate(talk, view, bytes, undefined);
  else if (command === COMMAND.connect && words >= 4) {
    const password = view.getUint16(first + 6, true);
    talk.ask(number, { kind: "connect", micros, path: text(view, bytes + password, isUnicode) });
  } else if (command === COMMAND.create && words >= 24) {
    const deletes = (view.getUint32(first + 39, true) & DELETE_ON_CLOSE) !== 0;
    talk.ask(number, { kind: "open", micros, tree, name: text(view, bytes, isUnicode), deletes });
  } else if (command === COMMAND.openX && words >= 15)
    talk.ask(number, { kind: "open", micros, tree, name: text(view, bytes, isUnicode), deletes: false });
  else if (command === COMMAND.read && words >= 10) {
    const offset = view.getUint32(first + 6, true) + above(words >= 12, view, first + 20);
    talk.ask(number, { kind: "read", file: String(view.getUint16(first + 4, true)), offset });
  } else if (command === COMMAND.write && words >= 12) {
    const length = view.getUint16(first + 20, true) + view.getUint16(first + 18, true) * 2 ** 16;
    const offset = view.getUint32(first + 6, true) + above(words >= 14, view, first + 24);
    const file = String(view.getUint16(first + 4, true));
    return takeMoved(talk, view, view.getUint16(first + 22, true), length, file, 0, offset);
  } else if (command === COMMAND.close && words >= 1) talk.closed(String(view.getUint16(first, true)));
  else if (command === COMMAND.delete) {
    // A byte before the name says what kind of text it is.
    talk.ask(number, { kind: "delete", micros, file: "", tree, name: text(view, bytes + 1, isUnicode) });
  }
  return undefined;
}

function answer(talk: SmbTalk, block: Block, number: string, tree: number, status: number): Move | undefined {
  const { view, command, words, first, bytes } = block;
  if (command === COMMAND.setup) authenticate(talk, view, bytes, status);
  const request = talk.answered(number);
  if (request === undefined || status !== 0) return undefined;
  if (request.kind === "read") {
    if (words < 12) return undefined;
    const length = view.getUint16(first + 10, true) + view.getUint16(first + 14, true) * 2 ** 16;
    return takeMoved(talk, view, view.getUint16(first + 12, true), length, request.file, 1, request.offset);
  }
  if (request.kind === "connect") {
    const service = text(view, bytes, false);
    talk.connected(
      request,
      tree,
      service === "IPC" ? "PIPE" : service === "LPT1:" ? "PRINT" : "DISK",
      service,
    );
  } else if (request.kind === "open" && command === COMMAND.openX && words >= 15) {
    const size = view.getUint32(first + 12, true);
    talk.opened(request, String(view.getUint16(first + 4, true)), size, undefined);
  } else if (request.kind === "open" && command === COMMAND.create && words >= 34) {
    // The answer has a byte before the id, so all is at odd places.
    const size = Number(view.getBigUint64(first + 55, true));
    talk.opened(request, String(view.getUint16(first + 5, true)), size, timesAt(view, first + 11));
  } else talk.changed(request);
  return undefined;
}

/** The upper half of a place in a large file, where the message has it. */
function above(isThere: boolean, view: DataView, at: number): number {
  return isThere ? view.getUint32(at, true) * 2 ** 32 : 0;
}

function authenticate(talk: SmbTalk, view: DataView, at: number, status: number | undefined): void {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  talk.authenticate(bytes, at, bytes.length, status);
}

/** A text that ends with 0, in two bytes per character (from an even place) or one. */
function text(view: DataView, at: number, isUnicode: boolean): string {
  if (!isUnicode) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const end = bytes.indexOf(0, at);
    return at >= bytes.length ? "" : textOf(bytes, at, end < 0 ? bytes.length : end);
  }
  let read = "";
  for (let from = at + (at % 2); from + 2 <= view.byteLength; from += 2) {
    const unit = view.getUint16(from, true);
    if (unit === 0) break;
    read += String.fromCharCode(unit);
  }
  return read.toWellFormed();
}
