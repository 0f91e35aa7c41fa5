import { expect, test } from "vitest";
import { readState } from "../state.ts";
import { facetFields, facetLabel } from "./use-facets.ts";

test.each([
  ["alerts", ["source.type", "threat.triage.rules.*.name", "alert_status"]],
  ["messages", ["source.type", "is_alert", "ip_src_addr"]],
  ["rejected", ["failed_sensor_type", "error_type", "message"]],
])("%s: the standing facets come first, each with a name of its own", (view, first) => {
  const fields = facetFields(readState({ view }));
  expect(fields.slice(0, 3)).toEqual(first);
  for (const field of fields) expect(facetLabel(field), field).toMatch(/^[A-Z]/);
  expect(new Set(fields.map(facetLabel)).size).toBe(fields.length);
});

test("what an analyst adds comes last, goes by its field, and is counted once", () => {
  const standing = facetFields(readState({}));
  const fields = facetFields(readState({ facets: "user_agent,protocol,host" }));
  expect(fields).toEqual([...standing, "user_agent", "host"]);
  expect(facetLabel("user_agent")).toBe("user_agent");
});
