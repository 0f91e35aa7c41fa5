import { expect, test } from "vitest";
import type { TakenState } from "./protocol.ts";
import { addStates, endedLongestAgo } from "./state-of.ts";

const state = (packets: number, notes: string[]): TakenState => ({
  ...{ read: 10, interfaces: ["Ethernet"], packets, bytes: 5, stored: packets, flows: 1, records: 1 },
  ...{ dropped: 0, filtered: 0, shortened: 0, unreadable: 0, problems: [], problemCount: 0, notes },
});

test("what was to say of an interface before it went away is said on, once", () => {
  const before = state(2, ["of 2 packets only the beginning was captured", "a comment of the capture: one"]);
  const since = state(3, ["a comment of the capture: one", "4 bytes were passed over as damaged"]);
  expect(addStates(before, since)).toMatchObject({
    packets: 5,
    notes: [
      "of 2 packets only the beginning was captured",
      "a comment of the capture: one",
      "4 bytes were passed over as damaged",
    ],
  });
});

test("captures are let go of by when they ended, not by when they began", () => {
  const captures = [
    { id: "long", startedAt: 1, endedAt: 90 },
    { id: "running", startedAt: 2 },
    { id: "old", startedAt: 50, endedAt: 60 },
    { id: "new", startedAt: 70, endedAt: 80 },
  ];
  expect(endedLongestAgo(captures, 2).map(({ id }) => id)).toEqual(["old"]);
});
