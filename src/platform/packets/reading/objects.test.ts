import { expect, test } from "vitest";
import { madeConversation } from "../../../pcap/testing/made-conversation.ts";
import type { GatheredConversation } from "./gather.ts";
import { objectsOf } from "./objects.ts";

/** As many conversations as there are numbers, each with so many bodies. */
function gathered(...bodies: readonly number[]) {
  const conversations = bodies.map(
    (count): GatheredConversation => ({
      ...{ communityId: "", packets: [], sides: [], times: [], first: 0, last: 0, protocol: "tcp" },
      conversation: madeConversation([[1, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx".repeat(count)]]),
    }),
  );
  return { conversations, numberOf: (packet: number) => packet + 1, leftOut: [] };
}

test("of very many files it is told how many are carved", async () => {
  const { objects, leftOut } = await objectsOf(gathered(9_998, 3, 4));
  expect(objects).toHaveLength(10_000);
  expect(objects.at(-1)?.shown).toMatchObject({ number: 10_000, stream: 2 });
  expect(leftOut).toEqual([
    "only the first 10000 of 10005 files or more are carved: ask for a shorter time or fewer conversations",
  ]);
});

test("of all files nothing is told", async () => {
  expect((await objectsOf(gathered(2, 1))).leftOut).toEqual([]);
});
