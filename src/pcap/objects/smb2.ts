/** SMB 2 and 3 (MS-SMB2): which message opens, reads and writes which file. */
import { type OpenFile, SMB_LIMIT, type SmbFile } from "./smb-file.ts";
import type { SmbMessage } from "./smb-messages.ts";

type Request =
  | { readonly kind: "connect"; readonly share: string }
  | { readonly kind: "create"; readonly name: string; readonly share: string }
  | { readonly kind: "read"; readonly id: string; readonly offset: number }
  | { readonly kind: "write" };

export type Smb2State = {
  readonly open: OpenFile;
  /** Counts a request that is not kept. */
  readonly lose: () => void;
  /** Requests without an answer yet, by the number of the message. */
  readonly requests: Map<string, Request>;
  /** Open files by their id, and shares by the id of their tree. */
  readonly files: Map<string, SmbFile>;
  readonly shares: Map<number, string>;
};

const HEADER = 64;
const COMMAND = { treeConnect: 3, create: 5, read: 8, write: 9 } as const;
const PENDING = 0x103;
/** The id that stands for the file of the request before, in messages that belong together. */
const SAME = "ffffffffffffffffffffffffffffffff";

/** Reads a message, which may be several that belong together. */
export function readSmb2(state: Smb2State, message: SmbMessage): void {
  const { head } = message;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let last = SAME;
  for (let at = 0; at + HEADER <= head.length; ) {
    const next = view.getUint32(at + 20, true);
    last = readOne(state, message, view, at, last);
    if (next < HEADER) return;
    at += next;
  }
}

/** @returns the id of the file that it is about */
function readOne(state: Smb2State, message: SmbMessage, view: DataView, at: number, last: string): string {
  const command = view.getUint16(at + 12, true);
  const isResponse = (view.getUint32(at + 16, true) & 1) !== 0;
  const number = `${view.getBigUint64(at + 24, true)}`;
  const tree = view.getUint32(at + 36, true);
  const body = at + HEADER;
  if (!isResponse) return request(state, message, view, at, { command, number, tree, last });
  const status = view.getUint32(at + 8, true);
  if (status === PENDING) return last;
  const asked = state.requests.get(number);
  state.requests.delete(number);
  if (asked === undefined || (status !== 0 && status !== 0x80000005)) return last;
  if (asked.kind === "connect") state.shares.set(tree, asked.share);
  else if (asked.kind === "create" && body + 80 <= view.byteLength) {
    const id = hex(view, body + 64);
    const file = state.open(asked.name, asked.share, Number(view.getBigUint64(body + 48, true)));
    if (file !== undefined) state.files.set(id, file);
    return id;
  } else if (asked.kind === "read" && body + 8 <= view.byteLength) {
    const offset = view.getUint8(body + 2);
    const length = view.getUint32(body + 4, true);
    const file = fileOf(state, asked.id === SAME ? last : asked.id);
    const start = message.start + at + offset;
    file?.reads.push({
      offset: asked.offset,
      start,
      end: start + length,
      parts: message.parts(at + offset, length),
    });
  }
  return last;
}

function request(
  state: Smb2State,
  message: SmbMessage,
  view: DataView,
  at: number,
  { command, number, tree, last }: { command: number; number: string; tree: number; last: string },
): string {
  const body = at + HEADER;
  const wait = (asked: Request) => {
    if (state.requests.size < SMB_LIMIT) state.requests.set(number, asked);
    else state.lose();
  };
  switch (command) {
    case COMMAND.treeConnect:
      if (body + 8 > view.byteLength) return last;
      wait({
        kind: "connect",
        share: text(view, at + view.getUint16(body + 4, true), view.getUint16(body + 6, true)),
      });
      return last;
    case COMMAND.create: {
      if (body + 48 > view.byteLength) return last;
      const name = text(view, at + view.getUint16(body + 44, true), view.getUint16(body + 46, true));
      wait({ kind: "create", name, share: state.shares.get(tree) ?? "" });
      return SAME;
    }
    case COMMAND.read:
      if (body + 32 > view.byteLength) return last;
      wait({ kind: "read", id: hex(view, body + 16), offset: Number(view.getBigUint64(body + 8, true)) });
      return last;
    case COMMAND.write: {
      if (body + 32 > view.byteLength) return last;
      const named = hex(view, body + 16);
      const id = named === SAME ? last : named;
      const from = view.getUint16(body + 2, true);
      const length = view.getUint32(body + 4, true);
      const start = message.start + at + from;
      const offset = Number(view.getBigUint64(body + 8, true));
      fileOf(state, id)?.writes.push({
        offset,
        start,
        end: start + length,
        parts: message.parts(at + from, length),
      });
      return id;
    }
    default:
      return last;
  }
}

/** A file whose opening was not captured is still one. */
function fileOf(state: Smb2State, id: string): SmbFile | undefined {
  const known = state.files.get(id);
  if (known !== undefined) return known;
  const file = state.open("", "", undefined);
  if (file !== undefined) state.files.set(id, file);
  return file;
}

function text(view: DataView, at: number, length: number): string {
  const end = Math.min(at + length, view.byteLength);
  if (at >= end) return "";
  return new TextDecoder("utf-16le").decode(new Uint8Array(view.buffer, view.byteOffset + at, end - at));
}

function hex(view: DataView, at: number): string {
  return Buffer.from(view.buffer, view.byteOffset + at, 16).toString("hex");
}
