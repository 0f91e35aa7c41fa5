import { expect, test } from "vitest";
import { parse } from "yaml";
import { readProfiler } from "../../stellar/profiler/definition.ts";
import { readProfiles } from "../profiles.ts";
import { exportProfiler } from "./export-profiler.ts";
import { importProfiler } from "./import-profiler.ts";

/** The example of the original's guide, with a comment and numbers in place of expressions. */
const JSON_TEXT = `{
  "timestampField": "timestamp",
  // What hosts say.
  "profiles": [
    {
      "profile": "example2",
      "foreach": "ip_src_addr",
      "onlyif": "protocol == 'HTTP' or protocol == 'DNS'",
      "init": { "num_dns": 1.0, "num_http": 1.0 },
      "update": {
        "num_dns": "num_dns + (if protocol == 'DNS' then 1 else 0)",
        "num_http": "num_http + (if protocol == 'HTTP' then 1 else 0)"
      },
      "groupBy": ["DAY_OF_WEEK(start)"],
      "result": { "profile": "num_dns / num_http", "triage": { "dns": "num_dns" } },
      "expires": 30
    },
    { "profile": "percentiles", "foreach": "'global'", "init": { "s": "STATS_INIT()" }, "update": { "s": "STATS_ADD(s, n)" }, "result": "s" }
  ]
}`;

test("a profiler.json of Metron's comes over to the letter", () => {
  const notes: string[] = [];
  const { profiles } = readProfiles(importProfiler({ json: JSON_TEXT, properties: undefined }, notes));
  // What the shell's functions read of the same text.
  const { profiles: known, timestampField } = readProfiler(JSON_TEXT.replace(/ {2}\/\/.*\n/, ""));
  expect(profiles.profiles.map(({ expires: _, ...profile }) => profile)).toEqual(known);
  expect(profiles.settings.timestampField).toBe(timestampField);
  expect(profiles.profiles.map(({ expires }) => expires)).toEqual([30 * 86_400_000, undefined]);
  expect(notes).toEqual([]);
});

test("what is exported is read back as it was", () => {
  const text = importProfiler({ json: JSON_TEXT, properties: "profiler.period.duration=2\n" }, []);
  const { profiler, properties } = exportProfiler(readProfiles(text).profiles);
  const again = importProfiler({ json: JSON.stringify(profiler), properties }, []);
  expect(readProfiles(again).profiles).toEqual(readProfiles(text).profiles);
});

test("properties beside it say how long periods are; those without a counterpart are told", () => {
  const notes: string[] = [];
  const properties = [
    "# comment",
    "profiler.period.duration=1",
    "profiler.period.duration.units=HOURS",
    "profiler.ttl = 2",
    "profiler.ttl.units: DAYS",
    "profiler.window.lag=0",
    "profiler.workers=4",
    "topology.worker.childopts=",
  ].join("\r\n");
  const text = importProfiler({ json: "{}", properties }, notes);
  expect(parse(text)).toEqual({ period: "1 hour", lateness: "none", ttl: "2 days", profiles: [] });
  expect(notes).toEqual(["profiler.properties: profiler.workers has no counterpart and was left out"]);
});

test.each([
  [
    '{"profiles":[{"profile":"a","foreach":"b","result":"1","tickUpdate":{}}]}',
    "the profile a has `tickUpdate`, which Metron does not know: remove it",
  ],
  [
    '{"profiles":[{"profile":"a","foreach":"b","result":{"profile":"1","destination":"x"}}]}',
    "the result of the profile a has `destination`",
  ],
  ['{"profiles":[{"profile":"a","result":"1"}]}', "foreach"],
  ['{"profiles":{}}', "`profiles` must be a list, not a map"],
  ["[]", "must be a map, not a list"],
])("refuses %s by name", (json, message) => {
  expect(() => importProfiler({ json, properties: undefined }, [])).toThrow(message);
});
