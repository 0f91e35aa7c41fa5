import type { ConversationSummary } from "../../../../../../../api/conversations.ts";
import type { Haystack } from "./find.ts";
import { joined, type Turn } from "./rows.ts";

/** What a side said in one go. A page ends anywhere, so that a long message comes as several turns. */
export type Message = readonly [Turn, ...Turn[]];

/** The messages of turns that follow each other, whatever pages they came with. Datagrams stay apart, as each is one. */
export function messagesOf(
  turns: readonly Turn[],
  protocol: ConversationSummary["protocol"],
): readonly Message[] {
  const messages: [Turn, ...Turn[]][] = [];
  for (const turn of turns) {
    const message = messages.at(-1);
    if (protocol === "tcp" && message !== undefined && goesOn(message.at(-1), turn)) message.push(turn);
    else messages.push([turn]);
  }
  return messages;
}

/** Where to look for bytes: whole messages, so that what lies across the end of a page is found. */
export function haystacksOf(messages: readonly Message[]): readonly Haystack[] {
  return messages
    .filter(([{ isReset }]) => !isReset)
    .map((message) => ({
      side: message[0].side,
      position: message[0].position,
      bytes: joined(message.map(({ bytes }) => bytes)),
    }));
}

/** Bytes that are there of what was said. */
export function bytesThere(turns: readonly Turn[]): number {
  return turns.reduce((sum, { bytes, isReset }) => sum + (isReset ? 0 : bytes.length), 0);
}

function goesOn(before: Turn | undefined, { side, position, isReset }: Turn): boolean {
  return (
    before !== undefined &&
    !isReset &&
    !before.isReset &&
    before.side === side &&
    before.position + before.bytes.length === position
  );
}
