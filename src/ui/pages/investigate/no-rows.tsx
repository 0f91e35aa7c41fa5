import { Button } from "@mantine/core";
import { Notice } from "../../parts/notice.tsx";
import { useStatus } from "../../parts/platform-health.tsx";
import { DEFAULT_RANGE, type PageState } from "./state.ts";
import { rangeLabel } from "./time-range.ts";
import type { Change } from "./use-page-state.ts";

/** Why the list is empty, and what to do next. */
export function NoRows({ state, change }: { state: PageState; change: Change }) {
  const { data: status } = useStatus();
  if (status?.stored === 0) {
    return (
      <Notice title="No telemetry yet">
        <p>Send some, and it shows here by itself:</p>
        <pre>
          {[
            "metron ingest --sensor bro logs/*.log.gz",
            "metron ingest --sensor suricata eve.json",
            `curl --data-binary @eve.json ${window.location.origin}/api/v1/ingest/suricata`,
          ].join("\n")}
        </pre>
        <p>
          A syslog sender may use UDP or TCP port 5514. To see a whole intrusion first, play the scenario:{" "}
          <code>npm start</code>.
        </p>
      </Notice>
    );
  }
  const what = { alerts: "alert", messages: "message", rejected: "rejected record" }[state.view];
  const bounded = state.t !== DEFAULT_RANGE;
  return (
    <Notice
      title={state.q !== "" ? `No ${what} matches` : bounded ? `No ${what} in this time range` : `No ${what}`}
      actions={
        <>
          {bounded && <Button onClick={() => change({ t: DEFAULT_RANGE })}>Search all time</Button>}
          {state.q !== "" && <Button onClick={() => change({ q: "" })}>Clear the query</Button>}
          {state.view === "alerts" && (
            <Button onClick={() => change({ view: "messages" })}>Look in all messages</Button>
          )}
        </>
      }
    >
      <p>
        {bounded ? `Looked in: ${rangeLabel(state.t)}. ` : ""}
        {state.view === "alerts" ? "Only alerts are shown. " : ""}
        New rows that match appear here by themselves.
      </p>
    </Notice>
  );
}
