import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { LONGEST_LATENCY, listSensors, type SensorState } from "../../../api/sensors.ts";
import { call } from "../../call.ts";
import { timeText, zoneName } from "../../parts/clock.ts";
import { Notice } from "../../parts/notice.tsx";
import { agoText, counted, countText, rateText } from "../../parts/numbers.ts";
import { useStatus } from "../../parts/platform-health.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { WideTable } from "../../parts/wide-table.tsx";
import { WithCode } from "../../parts/with-code.tsx";
import { Processes } from "./processes.tsx";
import { Sparkline } from "./sparkline.tsx";
import "./sensors-page.css";

/** Is everything coming in, how fast, and what is not understood. */
export function SensorsPage() {
  const { data, dataUpdatedAt, error, refetch, isPending } = useQuery({
    queryKey: ["sensors"],
    queryFn: ({ signal }) => call(listSensors, { signal }),
    // While it fails it is not asked again here, so that the problem stays to be read: the health line finds out when
    // the server is back, and then whatever failed is asked for again.
    refetchInterval: ({ state }) => (state.status === "error" ? false : 2000),
  });
  return (
    <div className="page">
      <title>Sensors – Metron</title>
      <h1>Sensors</h1>
      <Problems />
      {isPending && <p className="dim">Asking the sensors…</p>}
      {error !== null && <ProblemNotice error={error} onRetry={() => refetch()} />}
      {data?.sensors.length === 0 && (
        <Notice title="No sensor is configured">
          Publish a sensor document under <Link to="/config">Configuration</Link>.
        </Notice>
      )}
      {data?.asOf !== undefined && (
        <p className="dim">
          {data.asOf === null
            ? "What is stored is not known yet: the index does not answer."
            : `What is stored is told as of ${timeText(data.asOf).slice(0, 19)} ${zoneName()}: the index does not answer now.`}
        </p>
      )}
      {data !== undefined && data.sensors.length > 0 && (
        <SensorTable sensors={data.sensors} asOf={error === null ? undefined : dataUpdatedAt} />
      )}
      <Processes />
    </div>
  );
}

/** What is wrong with the platform now, and what to do about it. */
function Problems() {
  const { data } = useStatus();
  if (data === undefined || data.problems.length === 0) return null;
  return (
    <ul className="problems" aria-label="Problems">
      {data.problems.map(({ code, detail, advice }) => (
        <li key={`${code} ${detail}`}>
          <p>
            <WithCode text={detail} />
          </p>
          <p className="dim">
            <WithCode text={advice} />
          </p>
        </li>
      ))}
    </ul>
  );
}

/** What a person must know of a sensor beside its numbers. */
function Notes({ sensor }: { sensor: SensorState }) {
  const { detail, note, timeless, unreadable = 0, dropped } = sensor;
  const notes = [
    detail,
    unreadable > 0 ? `${counted(unreadable, "stored message")} cannot be read.` : undefined,
    dropped > 0
      ? `${counted(dropped, "record")} came over UDP faster than they could be stored, and ${dropped === 1 ? "is" : "are"} lost.`
      : undefined,
    timeless === undefined
      ? undefined
      : `${counted(timeless.messages, "message")} since ${timeText(timeless.since).slice(0, 16)} came without a time, and got that of the arrival.`,
    note,
  ].filter((text) => text !== undefined);
  if (notes.length === 0) return null;
  return (
    <ul className="sensor-notes">
      {notes.map((text) => (
        <li key={text}>
          <WithCode text={text} />
        </li>
      ))}
    </ul>
  );
}

type TableProps = {
  readonly sensors: readonly SensorState[];
  /** When this was so, where nothing later is known. */
  readonly asOf: number | undefined;
};

function SensorTable({ sensors, asOf }: TableProps) {
  return (
    <WideTable label="Sensors">
      <table className="grid-table sensors" data-stale={asOf !== undefined || undefined}>
        {asOf !== undefined && (
          <caption>
            As of {timeText(asOf).slice(0, 19)} {zoneName()}. Nothing later is known.
          </caption>
        )}
        <thead>
          <tr>
            <th scope="col">Sensor</th>
            <th scope="col">State</th>
            <th scope="col">Last minute</th>
            <th scope="col" className="number">
              Received/s
            </th>
            <th scope="col" className="number">
              Indexed/s
            </th>
            <th scope="col" className="number">
              Waiting
            </th>
            <th scope="col" className="number">
              To searchable
            </th>
            <th scope="col" className="number">
              Stored
            </th>
            <th scope="col" className="number">
              Alerts
            </th>
            <th scope="col" className="number">
              Rejected
            </th>
            <th scope="col">Last record</th>
          </tr>
        </thead>
        <tbody>
          {sensors.map((sensor) => (
            <tr key={sensor.name}>
              <th scope="row">
                <Link to="/" search={{ view: "messages", q: `source.type:${sensor.name}` } as never}>
                  {sensor.name}
                </Link>
                <span className="dim"> {sensor.parser}</span>
                <Notes sensor={sensor} />
              </th>
              <td>
                <span
                  className="sensor-state"
                  data-state={asOf === undefined ? sensor.state : "unknown"}
                  title={sensor.detail}
                >
                  {asOf === undefined ? sensor.state : `was ${sensor.state}`}
                </span>
              </td>
              <td>
                <Sparkline values={sensor.recent ?? []} />
              </td>
              <td className="number">{rateText(sensor.receivedPerSecond)}</td>
              <td className="number">{rateText(sensor.indexedPerSecond)}</td>
              <td className="number">{countText(sensor.lag)}</td>
              <td className="number">{latencyText(sensor.latency)}</td>
              <td className="number">{countText(sensor.stored)}</td>
              <td className="number">{countText(sensor.alerts)}</td>
              <td className="number" data-rejected={sensor.rejected > 0 || undefined}>
                {sensor.rejected === 0 ? (
                  "0"
                ) : (
                  <Link to="/" search={{ view: "rejected", q: `failed_sensor_type:${sensor.name}` } as never}>
                    {countText(sensor.rejected)}
                  </Link>
                )}
              </td>
              <td>{sensor.lastSeen === null ? "never" : lastText(sensor.lastSeen, asOf)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </WideTable>
  );
}

/** How long messages take until they are found; beyond the longest that is told apart, at least that. */
function latencyText(latency: number | null): string {
  if (latency === null) return "–";
  return latency < LONGEST_LATENCY ? `${Math.round(latency)} ms` : `${countText(LONGEST_LATENCY)} ms or more`;
}

/** When the last record came: how long ago, or the time itself where now is not known. */
function lastText(time: number, asOf: number | undefined): string {
  return asOf === undefined ? agoText(Date.now() - time) : timeText(time).slice(0, 19);
}
