import { Button } from "@mantine/core";
import { Notice } from "../../../parts/notice.tsx";
import { useStatus } from "../../../parts/platform-health.tsx";
import { WithCode } from "../../../parts/with-code.tsx";
import { DEFAULT_RANGE, type PageState } from "../state.ts";
import { rangeLabel } from "../time/time-range.ts";
import type { Change } from "../use-page-state.ts";

/** What the platform says of a source that does not run. */
const SOURCE_FAULTS = ["SOURCE_STOPPED"];

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
        <Listeners listening={status.listening} />
        <FailingSources />
        <p>
          To see a whole intrusion first, play the scenario: <code>npm start</code>.
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

/** Where syslog and its like can be sent: what the documents in force open, port by port. */
function Listeners({ listening }: { listening: readonly string[] }) {
  if (listening.length === 0) {
    return (
      <p>
        No sensor listens on a port at the moment. One that shall take syslog has{" "}
        <code>{"source: { syslog: { port: 5514 } }"}</code> in its document.
      </p>
    );
  }
  return (
    <>
      <p>Or send to a port that a sensor listens on:</p>
      <ul className="listeners">
        {listenersOf(listening).map(([sensor, addresses]) => (
          <li key={sensor}>
            <b>{sensor}</b> <code>{addresses.join(", ")}</code>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Sensors whose sources do not run: nothing comes from them until somebody repairs that. */
function FailingSources() {
  const { data: status } = useStatus();
  const failing = (status?.problems ?? []).filter(({ code }) => SOURCE_FAULTS.includes(code));
  if (failing.length === 0) return null;
  return (
    <ul className="listeners" role="alert" aria-label="Sources that fail">
      {failing.map(({ code, detail, advice }) => (
        <li key={`${code} ${detail}`}>
          <WithCode text={detail} /> <WithCode text={advice} />
        </li>
      ))}
    </ul>
  );
}

/** Addresses by sensor, from `asa/syslog udp://127.0.0.1:5515`. */
function listenersOf(listening: readonly string[]): [sensor: string, addresses: string[]][] {
  const found = new Map<string, string[]>();
  for (const line of listening) {
    const [source = "", address = ""] = line.split(" ");
    const sensor = source.split("/")[0] ?? source;
    found.set(sensor, [...(found.get(sensor) ?? []), address]);
  }
  return [...found];
}
