import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { chance } from "../testing/chance.ts";
import { type Damage, randomTalk } from "../testing/random-talk.ts";
import { conversationsOf } from "../testing/reading.ts";
import type { Conversation } from "./conversation.ts";
import type { OverlapPolicy } from "./overlap.ts";
import type { Side } from "./segment.ts";

const POLICIES: readonly OverlapPolicy[] = ["first", "last", "bsd", "linux", "windows"];

/** What a conversation has of a side: its bytes, 0 where they are missing, and of each byte whether it is there. */
function laidOut(conversation: Conversation, side: Side, length: number) {
  const bytes = new Uint8Array(length);
  const there = new Uint8Array(length);
  let end = 0;
  for (const chunk of conversation.chunks) {
    if (chunk.side !== side || chunk.kind === "reset") continue;
    expect(chunk.position).toBe(end);
    end += chunk.kind === "gap" ? chunk.length : chunk.bytes.length;
    if (chunk.kind !== "bytes") continue;
    bytes.set(chunk.bytes, chunk.position);
    there.fill(1, chunk.position, chunk.position + chunk.bytes.length);
  }
  expect(end).toBe(length);
  return { bytes, there };
}

function turnsOf(conversation: Conversation) {
  const turns: { side: Side; length: number }[] = [];
  for (const { side, ...chunk } of conversation.chunks) {
    const length = chunk.kind === "gap" ? chunk.length : chunk.bytes.length;
    const last = turns.at(-1);
    if (last?.side === side) last.length += length;
    else turns.push({ side, length });
  }
  return turns;
}

const KINDS: readonly [string, Damage][] = [
  ["in order", {}],
  ["repeated and cut again", { repeated: 20, cutAgain: 60 }],
  ["shuffled", { shuffled: true, repeated: 10 }],
  ["with losses", { lost: 25, cutAgain: 40 }],
  ["with everything", { lost: 15, repeated: 15, cutAgain: 50, shuffled: true }],
];

test.each(KINDS)("random conversations %s are put together as they were", (_, damage) => {
  for (let seed = 1; seed <= runs(100); seed++) {
    const truth = randomTalk(chance(seed), damage);
    const conversations = conversationsOf(truth.frames, POLICIES[seed % POLICIES.length]);
    expect(conversations, `seed ${seed}`).toHaveLength(1);
    const conversation = conversations[0]!;
    for (const side of [0, 1] as const) {
      const { bytes, there } = laidOut(conversation, side, truth.said[side].length);
      expect(there, `seed ${seed}`).toEqual(truth.captured[side]);
      expect(bytes, `seed ${seed}`).toEqual(truth.said[side].map((byte, at) => (there[at] ? byte : 0)));
    }
    expect(conversation.counts.conflict, `seed ${seed}`).toBeUndefined();
    // Where acknowledgements are all captured, they alone decide the order.
    if (damage.lost === undefined) expect(turnsOf(conversation), `seed ${seed}`).toEqual(truth.turns);
  }
});
