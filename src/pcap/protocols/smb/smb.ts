/** SMB over TCP. What is encrypted (SMB 3) cannot be read: then the service is told and nothing more. */
import type { Side } from "../../reassembly/segment.ts";
import { frames } from "../frames.ts";
import type { FlowContext, StreamProtocol } from "../protocol.ts";
import type { Move } from "./moved.ts";
import { readSmb1 } from "./smb1.ts";
import { readSmb2 } from "./smb2.ts";
import { openTalk } from "./talk.ts";

/** More than the messages that are read here have before their data. */
const HEAD = 8_192;
const SESSION_REQUEST = 0x81;
const FIRST_SIGN = 0xfc;

export const smb: StreamProtocol = {
  tells({ heads, ports }) {
    const told = heads.map((head) => {
      if (head.length < 8)
        return head.length === 0 || head[0] === 0 || head[0] === SESSION_REQUEST ? undefined : false;
      if (head[0] === SESSION_REQUEST) return ports.includes(139);
      return head[0] === 0 && isSmb(head, 4);
    });
    return told.includes(true) ? true : told.includes(false) ? false : undefined;
  },
  open: openSmb,
};

function openSmb(flow: FlowContext) {
  const talk = openTalk(flow);
  let hasSpoken = false;
  /** What takes the rest of the message that each side sends. */
  const moves: [Move | undefined, Move | undefined] = [undefined, undefined];
  const open = (side: Side) =>
    frames({
      prefix: 4,
      // The first byte is the kind of message (RFC 1002, 4.3.1); the length has 24 bits.
      lengthOf: (word) => word % 2 ** 24,
      longest: HEAD,
      frame(bytes, start, end) {
        if (end - start < 4 || !isSmb(bytes, start)) return;
        if (!hasSpoken) flow.speaks("smb");
        hasSpoken = true;
        if (bytes[start] === 0xfe) moves[side] = readSmb2(talk, bytes, start, end, flow.now());
        else if (bytes[start] === 0xff) moves[side] = readSmb1(talk, bytes, start, end, flow.now());
      },
      rest: {
        data: (bytes, start, end) => moves[side]?.data(bytes, start, end),
        gap: (length) => moves[side]?.gap(length),
        end() {
          moves[side] = undefined;
        },
      },
    });
  const sides = [open(0), open(1)] as const;
  return {
    data: (side: Side, bytes: Uint8Array, start: number, end: number) => sides[side].data(bytes, start, end),
    gap: (side: Side, length: number) => sides[side].gap(length),
    end: talk.end,
    held: () => sides[0].held() + sides[1].held() + talk.held(),
  };
}

/** 0xff SMB is version 1, 0xfe 2 and 3; encrypted (0xfd) and compressed (0xfc) ones begin alike. */
function isSmb(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at]! >= FIRST_SIGN && bytes[at + 1] === 0x53 && bytes[at + 2] === 0x4d && bytes[at + 3] === 0x42
  );
}
