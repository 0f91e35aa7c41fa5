import { expect, test } from "vitest";
import { rebuildConversation } from "../../../pcap/reassembly/rebuild.ts";
import { type Segment, type Side, TCP } from "../../../pcap/reassembly/segment.ts";
import { saidPage, timingOf } from "./conversations.ts";
import type { GatheredConversation } from "./gather.ts";

/** A client that says one letter and says it again so many times, and a server that answers at last. */
function repeating(times: number): GatheredConversation {
  const segments: Segment[] = [];
  const add = (side: Side, sequence: number, flags: number, text: string) => {
    const payload = Buffer.from(text);
    const packet = segments.length;
    segments.push({
      ...{ side, sequence, acknowledgement: side === 0 ? 5001 : 1002, flags, window: 100, payload },
      ...{ wire: payload.length, micros: packet * 1000, nanos: 0, packet },
    });
  };
  add(0, 1000, TCP.syn, "");
  add(1, 5000, TCP.syn | TCP.ack, "");
  for (let told = 0; told <= times; told++) add(0, 1001, TCP.ack, "a");
  add(1, 5001, TCP.ack, "b");
  const conversation = rebuildConversation(segments, [
    { address: "10.0.0.1", port: 40_000 },
    { address: "10.0.0.2", port: 80 },
  ]);
  return {
    ...{ communityId: "", protocol: "tcp", conversation },
    packets: segments.map(({ packet }) => packet),
    sides: segments.map(({ side }) => side),
    times: segments.map(({ micros }) => micros),
    first: 0,
    last: segments.at(-1)?.micros ?? 0,
  };
}

const numberOf = (packet: number) => packet + 1;

test.each([500, 3000, 12_000])("of %d events those that are not listed are counted", (times) => {
  const gathered = repeating(times);
  const all = timingOf(gathered, 1, numberOf, 10);
  // What opens the connection is told apart.
  expect(all.marks.length + all.marksLeftOut).toBe(times);
  const page = saidPage(gathered, numberOf, { after: 0, size: 100, direction: "both" });
  expect(page.marks.length + page.marksLeftOut).toBe(times + 2);
  expect(page.marks).toHaveLength(Math.min(times + 2, 1000));
});

test("pages of what was said have each event once, also those that were too many to be kept", () => {
  const gathered = repeating(12_000);
  const pages = [0, 1].map((after) => saidPage(gathered, numberOf, { after, size: 1, direction: "both" }));
  expect(pages.map(({ next }) => next)).toEqual([1, undefined]);
  const told = pages.reduce((sum, { marks, marksLeftOut }) => sum + marks.length + marksLeftOut, 0);
  expect(told).toBe(12_002);
});
