import { expect, test } from "vitest";
import { statusOf, statusText } from "./status.ts";

test.each([
  [undefined, "NEW", ""],
  ["NEW", "NEW", ""],
  ["ESCALATE", "ESCALATE", "Escalated"],
  ["CLOSED", undefined, "CLOSED"],
])("alert_status %s", (written, status, text) => {
  expect(statusOf({ alert_status: written })).toBe(status);
  expect(statusText(written)).toBe(text);
});
