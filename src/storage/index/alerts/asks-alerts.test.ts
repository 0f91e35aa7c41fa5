import { expect, test } from "vitest";
import { parse } from "../../../query/parse.ts";
import { asksAlerts } from "./asks-alerts.ts";

test.each([
  ["is_alert:true", true],
  ["_exists_:is_alert", true],
  ["is_alert:t*", true],
  ["is_alert:[a TO z]", true],
  ["is_alert:true AND protocol:dns", true],
  ["protocol:dns AND (source.type:snort AND is_alert:true)", true],
  ["is_alert:true OR is_alert:yes", true],
  ["is_alert:true OR protocol:dns", false],
  ["(is_alert:true OR protocol:dns) AND is_alert:true", true],
  ["NOT is_alert:true", false],
  ["NOT (NOT is_alert:true)", false],
  ["protocol:dns AND NOT is_alert:true", false],
  ["*", false],
  ["is_alert", false],
  ["is_alerted:true", false],
])("%s asks for alerts alone: %s", (text, expected) => {
  expect(asksAlerts(parse(text))).toBe(expected);
});

test("no query asks for all messages", () => {
  expect(asksAlerts(undefined)).toBe(false);
});
