import { Button, FileButton } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CAPTURES_KEPT, type CaptureState, stopCapture } from "../../../api/captures.ts";
import { call, problemOf } from "../../call.ts";
import { captureRange, FLOWS_OF_CAPTURES } from "../../parts/captures/capture-range.ts";
import { FailedUploads } from "../../parts/captures/failed-uploads.tsx";
import { stateName } from "../../parts/captures/state-name.ts";
import { untoldOf } from "../../parts/captures/untold.ts";
import { useUploads } from "../../parts/captures/use-capture-drop.ts";
import { visible } from "../../parts/cells.ts";
import { timeText, useZone } from "../../parts/clock.ts";
import { Notice } from "../../parts/notice.tsx";
import { counted, countText } from "../../parts/numbers.ts";
import { useStatus } from "../../parts/platform-health.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { bytesText } from "../../parts/units.ts";
import { WideTable } from "../../parts/wide-table.tsx";
import { WithCode } from "../../parts/with-code.tsx";
import { StoreState } from "./store-state.tsx";
import { useCaptures } from "./use-captures.ts";
import "../sensors/sensors-page.css";
import "./captures-page.css";

/** Captures that come in and came in, and what of their packets is kept. A capture file may be dropped anywhere on it. */
export function CapturesPage() {
  const { data, error, refetch, isPending } = useCaptures();
  const { send, sending, failed } = useUploads();
  const { isError: isLost } = useStatus();
  const ended = data?.filter(({ endedAt }) => endedAt !== undefined).length ?? 0;
  return (
    <div className="page captures">
      <title>Captures – Metron</title>
      <h1>Captures</h1>
      <StoreState />
      <div className="captures-add">
        <FileButton onChange={send} multiple inputProps={{ "aria-label": "Capture files" }}>
          {(props) => <Button {...props}>Add capture files</Button>}
        </FileButton>
        <span className="dim">or drop them here: pcap, pcapng, also packed with gzip or zstd</span>
        {sending > 0 && <span role="status">{counted(sending, "file")} being sent…</span>}
      </div>
      <FailedUploads failed={untoldOf(failed, data ?? [])} />
      {isPending && <p className="dim">Asking for captures…</p>}
      {error !== null && <ProblemNotice error={error} onRetry={() => refetch()} />}
      {data?.length === 0 && (
        <Notice title="No capture yet">
          <p>Drop a capture file here, or capture from an interface:</p>
          <pre>metron capture --interface eth0</pre>
        </Notice>
      )}
      {data !== undefined && data.length > 0 && <CaptureTable captures={data} isStale={isLost} />}
      {ended >= CAPTURES_KEPT && (
        <p className="dim captures-end">
          Of captures that have ended the latest {CAPTURES_KEPT} are listed. Packets of earlier ones are still
          stored, and found from alerts and by their time.
        </p>
      )}
    </div>
  );
}

type TableProps = {
  readonly captures: readonly CaptureState[];
  /** Whether the server has stopped to answer, so that captures may have gone on, or not. */
  readonly isStale: boolean;
};

function CaptureTable({ captures, isStale }: TableProps) {
  useZone();
  return (
    <WideTable label="Captures">
      <table className="grid-table" data-stale={isStale || undefined}>
        {isStale && <caption>As it was before the server stopped to answer.</caption>}
        <thead>
          <tr>
            <th scope="col">Capture</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Packets
            </th>
            <th scope="col" className="number">
              Flows
            </th>
            <th scope="col" className="number">
              Lost
            </th>
            <th scope="col">Packets from, to</th>
            <th scope="col">
              <span className="dim">What to do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {captures.map((capture) => (
            <CaptureRow key={capture.id} capture={capture} isStale={isStale} />
          ))}
        </tbody>
      </table>
    </WideTable>
  );
}

function CaptureRow({ capture, isStale }: { readonly capture: CaptureState; readonly isStale: boolean }) {
  const client = useQueryClient();
  const { id, name, kind, by, state, read, size, packets, bytes, flows, packetsOnly, dropped } = capture;
  const { first, last } = capture;
  const t = captureRange(capture);
  const isGoing = state === "running" || state === "waiting";
  const end = useMutation({
    mutationFn: () => call(stopCapture, { params: { id } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["captures"] }),
  });
  return (
    <tr>
      <th scope="row">
        {visible(name)}{" "}
        <span className="dim">
          {kind} by {visible(by)}
        </span>
        <Notes capture={capture} />
      </th>
      <td>
        <span className="sensor-state" data-state={isStale && isGoing ? "unknown" : state}>
          {isStale && isGoing ? `was ${stateName(state)}` : stateName(state)}
        </span>
        {isGoing && size !== undefined && (
          <progress max={size} value={read} aria-label={`${name}: read so far`} />
        )}
      </td>
      <td className="number" title={bytesText(bytes)}>
        {countText(packets)}
      </td>
      <td className="number">
        {packetsOnly ? (
          <span className="dim" title="Only packets are stored; others tell of their flows.">
            packets only
          </span>
        ) : (
          countText(flows)
        )}
      </td>
      <td className="number">{countText(dropped)}</td>
      <td className="mono">
        {first !== undefined && last !== undefined && (
          <>
            {timeText(first).slice(0, 19)}
            <br />
            {timeText(last).slice(0, 19)}
          </>
        )}
      </td>
      <td className="captures-actions">
        {t !== undefined && (
          <>
            {!packetsOnly && (
              <>
                <Link to="/" search={{ view: "messages", q: FLOWS_OF_CAPTURES, t } as never}>
                  Flows
                </Link>{" "}
              </>
            )}
            <Link to="/" search={{ t } as never}>
              Alerts
            </Link>{" "}
          </>
        )}
        <Button size="compact-xs" variant="subtle" loading={end.isPending} onClick={() => end.mutate()}>
          {isGoing ? "Stop" : "Remove from the list"}
        </Button>
        {end.error !== null && (
          <p role="alert" className="captures-error">
            {isGoing ? "Not stopped" : "Not removed"}: {problemOf(end.error).detail}
          </p>
        )}
      </td>
    </tr>
  );
}

/** What a person must know of a capture beside its numbers. */
function Notes({ capture }: { capture: CaptureState }) {
  const { error, problems, problemCount, notes, unreadable, filtered, packets } = capture;
  const { filter, snapLength, cutoff, shortened } = capture;
  const said = [
    ...(filter === undefined ? [] : [`Only packets that pass the filter \`${filter}\` are stored.`]),
    ...(filtered > 0
      ? [`The filter left out ${countText(filtered)} of ${counted(packets, "packet")}, which are not stored.`]
      : []),
    ...(snapLength === undefined ? [] : [`${bytesText(snapLength)} of each packet are kept.`]),
    ...(cutoff === undefined ? [] : [`${bytesText(cutoff)} of payload are kept of each flow and direction.`]),
    ...(shortened > 0 ? [`Snap length and cutoff left out ${bytesText(shortened)} of packets.`] : []),
    ...(unreadable > 0 ? [`${counted(unreadable, "packet")} could not be read.`] : []),
    // What ended it is said before, and is most often one of the problems.
    ...problems
      .filter(({ text }) => text !== error)
      .slice(0, 5)
      .map(({ at, text }) => `At byte ${countText(at)}: ${text}`),
    ...(problemCount > 5 ? [`and ${counted(problemCount - 5, "more problem")}.`] : []),
    ...notes,
  ];
  if (said.length === 0 && error === undefined) return null;
  return (
    <ul className="sensor-notes">
      {error !== undefined && (
        <li className="captures-error">
          <WithCode text={visible(error)} />
        </li>
      )}
      {said.map((text) => (
        <li key={text}>
          <WithCode text={visible(text)} />
        </li>
      ))}
    </ul>
  );
}
