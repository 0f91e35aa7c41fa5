/** Shows what was put together as texts that tests can state. */
import { openCollector } from "../reassembly/collect.ts";
import type { Conversation } from "../reassembly/conversation.ts";
import type { OverlapPolicy } from "../reassembly/overlap.ts";
import { blockOf, type Frame } from "./frames.ts";
import { layersOf } from "./layers-of.ts";
import type { Talk } from "./talk.ts";

/** The conversations in frames. */
export function conversationsOf(frames: readonly Frame[], policy?: OverlapPolicy): readonly Conversation[] {
  const collector = openCollector();
  const packets = blockOf(frames);
  collector.add(packets, layersOf(packets));
  return collector.conversations(policy).tcp;
}

/** The one conversation of a talk. */
export function conversationOf({ frames }: Talk, policy?: OverlapPolicy): Conversation {
  const [conversation, ...others] = conversationsOf(frames, policy);
  if (conversation === undefined || others.length > 0) throw new Error(`${others.length + 1} conversations`);
  return conversation;
}

/** What was remarked of a talk, each with its position. */
export function marksOf(played: Talk): string[] {
  return conversationOf(played).marks.map(({ kind, position }) => `${kind} ${position}`);
}

/** The talk with two of its packets in each other's place. */
export function exchanged(played: Talk, one: number, other: number): Talk {
  const { frames } = played;
  [frames[one], frames[other]] = [frames[other]!, frames[one]!];
  return played;
}

/** A conversation as lines: who, and what was said or is missing; neighbouring bytes of one side are one line. */
export function linesOf(conversation: Conversation): string[] {
  const lines: string[] = [];
  let last = "";
  for (const chunk of conversation.chunks) {
    const who = chunk.side === 0 ? ">" : "<";
    const start = chunk.kind === "reset" ? `${who}reset ` : `${who} `;
    if (chunk.kind === "gap") lines.push(`${who} [${chunk.length} ${chunk.reason}]`);
    else if (last === start && chunk.kind === "bytes") lines[lines.length - 1] += latin1(chunk.bytes);
    else lines.push(start + latin1(chunk.bytes));
    last = chunk.kind === "gap" ? "" : start;
  }
  return lines;
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
