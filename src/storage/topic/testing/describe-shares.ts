import { describe, expect, test } from "vitest";
import type { TopicReader } from "../contract.ts";
import { openings, type TopicSubject } from "./topic-subject.ts";

/** How every implementation of a topic shares its partitions among the members of a group. */
export function describeShares(subject: () => Promise<TopicSubject>): void {
  describe("shares of a group", () => {
    const { start, openTopics, openTopic, atEnd } = openings(subject);

    test("one member of a group reads all partitions, one of another group too", async () => {
      const topic = await openTopic(3);
      const [one, other] = [membership(topic, "g", "one"), membership(topic, "h", "one")];
      expect(await one.next()).toEqual([0, 1, 2]);
      expect(await other.next()).toEqual([0, 1, 2]);
      await one.leave();
      await other.leave();
    });

    test("a partition goes to a member that joins once the one that has it lets go", async () => {
      const made = await start();
      const topic = await (await openTopics(made)).topic("bro", { partitions: 4 });
      const shared = await made.openShared(structuredClone(topic.share()));
      atEnd(() => shared[Symbol.asyncDispose]());
      const one = membership(topic, "g", "one");
      const first = await one.next();
      expect(first).toEqual([0, 1, 2, 3]);
      const two = membership(shared, "g", "two");
      expect(await two.next()).toEqual([]);
      const gained = two.next();
      const kept = await one.next();
      expect(kept).toHaveLength(2);
      // Both have been told, and nobody has the rest: it is still being let go.
      expect(await settled(gained)).toBe(false);
      const later = one.next();
      expect([...(kept ?? []), ...((await gained) ?? [])].sort()).toEqual([0, 1, 2, 3]);
      await two.leave();
      expect(await later).toEqual([0, 1, 2, 3]);
      await one.leave();
    });

    test("the shares of expected members wait for them, and for who comes back", async () => {
      const topic = await openTopic(4);
      const expected = ["one", "two"];
      const one = membership(topic, "g", "one", expected);
      const share = await one.next();
      expect(share).toHaveLength(2);
      const two = membership(topic, "g", "two", expected);
      const rest = await two.next();
      expect([...(share ?? []), ...(rest ?? [])].sort()).toEqual([0, 1, 2, 3]);
      // It has died, as it never leaves: its successor has its name, and goes on with what it had.
      const successor = membership(topic, "g", "two", expected);
      expect(await successor.next()).toEqual(rest);
      for (const member of [one, two, successor]) await member.leave();
    });

    test("the shares end when the topics close", async () => {
      const made = await start();
      const topics = await made.open();
      const one = membership(await topics.topic("bro"), "g", "one");
      expect(await one.next()).toEqual([0]);
      const end = one.next();
      await topics[Symbol.asyncDispose]();
      expect(await end).toBeUndefined();
    });
  });
}

/** A member of a group: `next` lets go of what its last share lacks, and waits for the next one. */
function membership(topic: TopicReader, group: string, member: string, expected?: readonly string[]) {
  const left = new AbortController();
  const joined = topic.assigned({ group, member, expected, signal: left.signal });
  const shares = joined[Symbol.asyncIterator]();
  const next = async () => ((await shares.next()) as { value?: readonly number[] }).value;
  return {
    next,
    async leave() {
      left.abort();
      while ((await next()) !== undefined);
    },
  };
}

/** Whether a promise resolves while messages between threads are delivered. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  void promise.then(() => {
    isSettled = true;
  });
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  return isSettled;
}
