/** Reads which parts of files an SMB conversation moved (MS-SMB2 and MS-SMB). */
import type { Conversation } from "../reassembly/conversation.ts";
import { viewSide } from "../reassembly/view.ts";
import { type OpenFile, SMB_LIMIT, type SmbFile } from "./smb-file.ts";
import { type SmbMessage, smbMessages } from "./smb-messages.ts";
import { readSmb1, type Smb1State } from "./smb1.ts";
import { readSmb2, type Smb2State } from "./smb2.ts";

export type SmbConversation = {
  /** The first of them, and how many more were opened. */
  readonly files: readonly SmbFile[];
  readonly more: number;
  /** Requests that were not kept, as too many others waited for their answers: what they asked for is not found. */
  readonly lost: number;
  /** Messages that nobody can read. */
  readonly encrypted: number;
  readonly compressed: number;
};

/**
 * Reads the files of a conversation. Requests are all read before the answers: what they ask for is found by their numbers, so the order
 * between the sides does not matter.
 */
export function readSmb(conversation: Conversation): SmbConversation {
  const files: SmbFile[] = [];
  let more = 0;
  let lost = 0;
  const open: OpenFile = (name, share, size) => {
    if (files.length >= SMB_LIMIT) {
      more++;
      return undefined;
    }
    const file = { name, share, size, reads: [], writes: [] };
    files.push(file);
    return file;
  };
  const lose = () => {
    lost++;
  };
  const one: Smb1State = { open, lose, requests: new Map(), files: new Map(), shares: new Map() };
  const two: Smb2State = { open, lose, requests: new Map(), files: new Map(), shares: new Map() };
  let encrypted = 0;
  let compressed = 0;
  const read = (message: SmbMessage) => {
    if (message.head[0] === 0xfe) readSmb2(two, message);
    else if (message.head[0] === 0xff) readSmb1(one, message);
    else if (message.head[0] === 0xfd) encrypted++;
    else compressed++;
  };
  for (const message of inOrder(conversation)) read(message);
  return { files, more, lost, encrypted, compressed };
}

/** The messages of both sides in the order in which they were said. */
function* inOrder(conversation: Conversation): Generator<SmbMessage> {
  const ends: [number, number] = [0, 0];
  const sides = ([0, 1] as const).map((side) => smbMessages(viewSide(conversation, side)));
  const heads = sides.map((side) => side.next());
  for (const chunk of conversation.chunks) {
    if (chunk.kind === "reset") continue;
    const { side } = chunk;
    ends[side] = chunk.position + (chunk.kind === "gap" ? chunk.length : chunk.bytes.length);
    for (
      let head = heads[side];
      head?.done === false && head.value.end <= ends[side];
      head = heads[side] = sides[side]!.next()
    )
      yield head.value;
  }
}
