import { expect, test } from "vitest";
import { sensorsSeenBy } from "./scope.ts";

const SENSORS = ["web", "web-2", "asa", "error"];

/** Which sensors a scope leaves to an actor: all of which it may find a message. */
test.each<[string | undefined, string[]]>([
  [undefined, SENSORS],
  ["", SENSORS],
  ["source.type:web", ["web"]],
  ["source:type:web", ["web"]],
  ['source.type:"web"', ["web"]],
  ["source.type:(web OR asa)", ["web", "asa"]],
  ["source.type:web*", ["web", "web-2"]],
  ["source.type:w?b", ["web"]],
  ["source.type:*a*a*", ["asa"]],
  ["source.type:?eb?*", ["web-2"]],
  ["source.type:*", SENSORS],
  ["NOT source.type:web", ["web-2", "asa", "error"]],
  ["NOT source.type:*", []],
  ["source.type:web AND site:north", ["web"]],
  ["source.type:web OR site:north", SENSORS],
  ["NOT (source.type:web AND site:north)", SENSORS],
  ["NOT (source.type:web OR site:north)", ["web-2", "asa", "error"]],
  ["site:north", SENSORS],
  ["north", SENSORS],
  ["source.type:[a TO b]", SENSORS],
])("the scope %s leaves %j", (scope, seen) => {
  expect(SENSORS.filter(sensorsSeenBy({ name: "ann", role: "analyst", scope }))).toEqual(seen);
});

test("wildcards that could share a text in many ways take no time", () => {
  const scope = `source.type:${"*a".repeat(40)}*b`;
  expect(sensorsSeenBy({ name: "ann", role: "analyst", scope })("a".repeat(100))).toBe(false);
});
