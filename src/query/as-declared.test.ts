import { expect, test } from "vitest";
import { schema } from "../schema/schema.ts";
import { asDeclared } from "./as-declared.ts";
import { parse } from "./parse.ts";
import { toText } from "./to-text.ts";

const NOW = Date.UTC(2026, 10, 29, 12);

test.each([
  ["bro_timestamp:2024-03-14", "bro_timestamp:[1710374400 TO 1710460800}"],
  ["certificate.not_valid_after:<2024-03-14", "certificate.not_valid_after:<1710374400"],
  ["bro_timestamp:>2024-03-14", "bro_timestamp:>=1710460800"],
  ["bro_timestamp:>=2024-03-14", "bro_timestamp:>=1710374400"],
  ["bro_timestamp:<2024-03-14", "bro_timestamp:<1710374400"],
  ["bro_timestamp:<=2024-03-14", "bro_timestamp:<1710460800"],
  ["bro_timestamp:[now-1h TO now]", "bro_timestamp:[1795950000 TO 1795953600.001}"],
  ["eventtime:>=2024-03-14", "eventtime:>=1710374400000000000"],
  ["NOT (bro_timestamp:>=now/d OR a:b)", "NOT (bro_timestamp:>=1795910400 OR a:b)"],
  ["bro_timestamp:1710408413.501233", "bro_timestamp:1710408413.501233"],
  ["bro_timestamp:>1710408413", "bro_timestamp:>1710408413"],
  ["bro_timestamp:17104*", "bro_timestamp:17104*"],
  ["bro_timestamp:soon", "bro_timestamp:soon"],
  ["timestamp:>=2024-03-14", "timestamp:>=2024-03-14"],
  ["rt:2024-03-14", "rt:2024-03-14"],
  ["duration:>=2024-03-14", "duration:>=2024-03-14"],
  ["undeclared:2024-03-14", "undeclared:2024-03-14"],
  ["2024-03-14", "2024-03-14"],
])("%s is asked as %s", (query, expected) => {
  const asked = asDeclared(parse(query), (name) => schema.find(name), NOW);
  expect(toText(asked)).toBe(toText(parse(expected)));
});
