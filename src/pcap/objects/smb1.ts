/** SMB 1 (MS-CIFS, MS-SMB): which message opens, reads and writes which file. */
import { type OpenFile, SMB_LIMIT, type SmbFile } from "./smb-file.ts";
import type { SmbMessage } from "./smb-messages.ts";

type Request =
  | { readonly kind: "connect"; readonly share: string }
  | { readonly kind: "open"; readonly name: string; readonly share: string }
  | { readonly kind: "read"; readonly id: number; readonly offset: number };

export type Smb1State = {
  readonly open: OpenFile;
  /** Counts a request that is not kept. */
  readonly lose: () => void;
  /** Requests without an answer yet, by process and multiplex id. */
  readonly requests: Map<string, Request>;
  readonly files: Map<number, SmbFile>;
  readonly shares: Map<number, string>;
};

/** The header; behind it the count of words, the words, the count of bytes, the bytes. */
const HEADER = 32;
const WORDS = HEADER + 1;
const COMMAND = { openX: 0x2d, readX: 0x2e, writeX: 0x2f, treeConnectX: 0x75, createX: 0xa2 } as const;

export function readSmb1(state: Smb1State, message: SmbMessage): void {
  const { head } = message;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.byteLength < WORDS + 2) return;
  const words = view.getUint8(HEADER);
  const bytes = WORDS + words * 2 + 2;
  if (bytes > view.byteLength) return;
  const number = `${view.getUint16(26, true)} ${view.getUint16(30, true)}`;
  const tree = view.getUint16(24, true);
  const isResponse = (view.getUint8(9) & 0x80) !== 0;
  if (isResponse) respond(state, message, view, words, number, tree);
  else request(state, message, view, words, bytes, number, tree);
}

function request(
  state: Smb1State,
  message: SmbMessage,
  view: DataView,
  words: number,
  bytes: number,
  number: string,
  tree: number,
): void {
  const word = (at: number) => view.getUint16(WORDS + at * 2, true);
  const long = (at: number) => view.getUint32(WORDS + at * 2, true);
  const isUnicode = (view.getUint16(10, true) & 0x8000) !== 0;
  const wait = (asked: Request) => {
    if (state.requests.size < SMB_LIMIT) state.requests.set(number, asked);
    else state.lose();
  };
  switch (view.getUint8(4)) {
    case COMMAND.treeConnectX:
      if (words >= 4) wait({ kind: "connect", share: text(view, bytes + word(3), isUnicode) });
      return;
    case COMMAND.createX:
      if (words >= 24)
        wait({ kind: "open", name: text(view, bytes, isUnicode), share: state.shares.get(tree) ?? "" });
      return;
    case COMMAND.openX:
      if (words >= 15)
        wait({ kind: "open", name: text(view, bytes, isUnicode), share: state.shares.get(tree) ?? "" });
      return;
    case COMMAND.readX:
      if (words >= 10)
        wait({ kind: "read", id: word(2), offset: long(3) + (words >= 12 ? long(10) * 2 ** 32 : 0) });
      return;
    case COMMAND.writeX: {
      if (words < 12) return;
      const length = word(10) + word(9) * 65_536;
      const offset = long(3) + (words >= 14 ? long(12) * 2 ** 32 : 0);
      const start = message.start + word(11);
      fileOf(state, word(2))?.writes.push({
        offset,
        start,
        end: start + length,
        parts: message.parts(word(11), length),
      });
      return;
    }
    default:
  }
}

function respond(
  state: Smb1State,
  message: SmbMessage,
  view: DataView,
  words: number,
  number: string,
  tree: number,
): void {
  const word = (at: number) => view.getUint16(WORDS + at * 2, true);
  const asked = state.requests.get(number);
  state.requests.delete(number);
  if (asked === undefined || view.getUint32(5, true) !== 0) return;
  const command = view.getUint8(4);
  if (asked.kind === "connect") state.shares.set(tree, asked.share);
  else if (asked.kind === "open") {
    // The id is at an odd place in the answer to NT_CREATE_ANDX: a byte is in front of it.
    if (command === COMMAND.createX && words >= 34) {
      const size = Number(view.getBigUint64(WORDS + 55, true));
      opened(state, view.getUint16(WORDS + 5, true), asked, size);
    } else if (command === COMMAND.openX && words >= 15)
      opened(state, word(2), asked, view.getUint32(WORDS + 12, true));
  } else if (command === COMMAND.readX && words >= 12) {
    const length = word(5) + word(7) * 65_536;
    const start = message.start + word(6);
    fileOf(state, asked.id)?.reads.push({
      offset: asked.offset,
      start,
      end: start + length,
      parts: message.parts(word(6), length),
    });
  }
}

function opened(
  state: Smb1State,
  id: number,
  { name, share }: { name: string; share: string },
  size: number,
): void {
  const file = state.open(name, share, size);
  if (file !== undefined) state.files.set(id, file);
}

/** A file whose opening was not captured is still one. */
function fileOf(state: Smb1State, id: number): SmbFile | undefined {
  const known = state.files.get(id);
  if (known !== undefined) return known;
  const file = state.open("", "", undefined);
  if (file !== undefined) state.files.set(id, file);
  return file;
}

/** A text that ends with 0, in two bytes per character (from an even place) or one. */
function text(view: DataView, at: number, isUnicode: boolean): string {
  let from = isUnicode && at % 2 === 1 ? at + 1 : at;
  let read = "";
  for (const size = isUnicode ? 2 : 1; from + size <= view.byteLength; from += size) {
    const unit = isUnicode ? view.getUint16(from, true) : view.getUint8(from);
    if (unit === 0) break;
    read += String.fromCharCode(unit);
  }
  return read;
}
