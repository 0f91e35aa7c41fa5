import { expect, test } from "vitest";
import { noteKept, withKept } from "./kept-statuses.ts";

const alert = (status: string | undefined, at: number | undefined) => ({
  ...{ guid: "1", is_alert: "true" },
  ...(status !== undefined && { alert_status: status }),
  ...(at !== undefined && { alert_changed_at: at }),
});
const statusIn = (row: ReturnType<typeof alert>) => withKept([row])[0]?.alert_status;

test("a search that was asked before a change does not put the old status back, and a newer change of somebody else counts", () => {
  noteKept(alert("DISMISS", 100));
  expect(statusIn(alert("ESCALATE", 50))).toBe("DISMISS");
  expect(statusIn(alert(undefined, undefined))).toBe("DISMISS");
  noteKept(alert(undefined, 200));
  expect(statusIn(alert("DISMISS", 100))).toBeUndefined();
  expect(statusIn(alert("OPEN", 300))).toBe("OPEN");
  expect(statusIn(alert("DISMISS", 100))).toBe("DISMISS");
});
