import { expect, test } from "vitest";
import type { StoredMessage } from "../../../../../api/selection.ts";
import { panes } from "./index.ts";

/** The headings that the details of a message have. */
const headings = (message: StoredMessage) =>
  panes
    .filter(({ appliesTo }) => appliesTo(message))
    .map(({ title }) => (typeof title === "string" ? title : title(message)));

test("every pane has a name of its own", () => {
  expect(new Set(panes.map(({ id }) => id)).size).toBe(panes.length);
});

test.each<[string, StoredMessage, string[]]>([
  ["nothing", {}, ["Record"]],
  ["what somebody changed", { alert_changed_at: 1 }, ["Who changed it", "Record"]],
  ["what was replayed", { replayed_at: 1 }, ["Who changed it", "Record"]],
  [
    "an alert of a sensor",
    {
      "source.type": "bro",
      is_alert: "true",
      ip_src_addr: "10.0.0.5",
      protocol: "http",
      host: "example.com",
      "enrichments.hbaseEnrichment.host.whois.owner": "someone",
      "enrichments.hbaseEnrichment.user.hr.team": "finance",
      user: "x",
      "threatintels.hbaseThreatIntel.ip_src_addr.malicious_ip": "alert",
      original_string: "{}",
    },
    [
      "How the score came about",
      "Threat intelligence",
      "Who and where",
      "Network",
      "What is known of host, user",
      "What bro says",
      "Record",
      "As it was received",
    ],
  ],
  [
    "a rejected record",
    { "source.type": "error", failed_sensor_type: "bro", message: "no JSON", raw_message: "{" },
    ["Why it was rejected", "Record", "As it was received"],
  ],
])("the details of %s", (_, message, expected) => expect(headings(message)).toEqual(expected));
