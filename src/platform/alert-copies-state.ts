import type { PlatformStatus } from "../api/status.ts";
import { FAULTS } from "../core/fault.ts";
import type { AlertCopyStats } from "../storage/index/stats.ts";
import type { Family } from "./exposition.ts";

/** What is wrong with copies of alerts. Alerts that wait are no problem by themselves: that is their way there. */
export function copyProblems(copies: AlertCopyStats | undefined): PlatformStatus["problems"] {
  const { failure, unanswered, waiting = 0 } = copies ?? {};
  const told = failure ?? unanswered;
  if (told === undefined) return [];
  const what =
    failure === undefined
      ? "OpenSearch does not answer searches of alerts, and files do until it is asked again within half a minute"
      : `alerts cannot be copied to OpenSearch, and ${waiting} ${waiting === 1 ? "waits" : "wait"}`;
  const detail = `since ${new Date(told.since).toISOString()} ${what}: ${told.message}`;
  return [{ code: "ALERTS_UNCOPIED", detail, advice: FAULTS.ALERTS_UNCOPIED.advice }];
}

/** Copies of alerts in Prometheus' text format. */
export function copyFamilies(copies: AlertCopyStats | undefined): Family[] {
  if (copies === undefined) return [];
  const { isWhole, waiting, copied, answers, failure } = copies;
  const one = (name: string, type: Family["type"], help: string, value: number): Family => ({
    ...{ name, type, help },
    samples: [{ labels: {}, value }],
  });
  return [
    one("metron_alert_copies_waiting", "gauge", "Alerts whose copies are to be made or changed.", waiting),
    one("metron_alert_copies_total", "counter", "Copies of alerts made since the start.", copied),
    one(
      "metron_alert_copies_whole",
      "gauge",
      "1 when all alerts but those that wait are copied, so that the copies are searched; else 0.",
      isWhole ? 1 : 0,
    ),
    {
      ...{ name: "metron_alert_searches_total", type: "counter" },
      help: "Requests about alerts alone, by what answered them.",
      samples: Object.entries(answers).map(([by, value]) => ({ labels: { by }, value })),
    },
    one(
      "metron_alert_copies_failing_since_seconds",
      "gauge",
      "Since when alerts cannot be copied, as Unix time; 0 when they can.",
      (failure?.since ?? 0) / 1000,
    ),
  ];
}
