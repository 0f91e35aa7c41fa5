import { describe, expect, test } from "vitest";
import { readProfiles } from "./profiles.ts";

const MINUTE = 60_000;

test("a document says what profiles run by, with what holds where it says nothing", () => {
  const { profiles } = readProfiles(`
timestampField: timestamp
period: 5 minutes
lateness: none
profiles:
  - profile: bytes
    foreach: ip_src_addr
    onlyif: bytes > 0
    init: { sum: 0, rate: "1.0" }
    update: { sum: sum + bytes }
    groupBy: [ DAY_OF_WEEK(start) ]
    result: { profile: sum, triage: { total: sum } }
    expires: 2
  - { profile: hello, foreach: "'global'", result: 1 }
`);
  expect(profiles).toEqual({
    settings: {
      timestampField: "timestamp",
      period: 5 * MINUTE,
      lateness: 0,
      ttl: 30 * MINUTE,
      ahead: 10 * MINUTE,
      maxEntities: 1_000_000,
    },
    profiles: [
      {
        profile: "bytes",
        foreach: "ip_src_addr",
        onlyif: "bytes > 0",
        init: [
          ["sum", "0"],
          ["rate", "1.0"],
        ],
        update: [["sum", "sum + bytes"]],
        groupBy: ["DAY_OF_WEEK(start)"],
        result: "sum",
        triage: [["total", "sum"]],
        expires: 2 * 24 * 60 * MINUTE,
      },
      {
        ...{ profile: "hello", foreach: "'global'", onlyif: "true", init: [], update: [], groupBy: [] },
        ...{ result: "1", triage: [], expires: undefined },
      },
    ],
  });
});

describe("is refused with its place:", () => {
  test.each([
    ["period: 15\n", "profiles:1:1: period"],
    ["period: 0 minutes\n", "expected a number of seconds, minutes, hours or days"],
    ["period: 4000 days\n", "no more than 3650 days"],
    ["period: 1 hour\n", "must be at least `period`"],
    ["profiles: [ { profile: a, result: 1 } ]\n", "foreach"],
    ["profiles: [ { profile: a, foreach: b, result: 1, tickUpdate: {} } ]\n", "tickUpdate"],
    ["profiles: [ { profile: a, foreach: b, result: 1, init: { 1: 2 } } ]\n", "no such name is allowed here"],
    [
      "profiles:\n  - { profile: a, foreach: b, result: 1 }\n  - { profile: a, foreach: b, result: 1 }\n",
      "profiles:3:7: profiles.1.profile: `a` is there twice",
    ],
  ])("%j", (text, message) => {
    expect(() => readProfiles(text)).toThrow(message);
  });
});
