import { Button } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Fragment } from "react";
import type { ProcessState } from "../../../api/status.ts";
import { visible } from "../../parts/cells.ts";
import { timeText, useZone } from "../../parts/clock.ts";
import { agoText, countText } from "../../parts/numbers.ts";
import { useStatus } from "../../parts/platform-health.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { WideTable } from "../../parts/wide-table.tsx";
import { WithCode } from "../../parts/with-code.tsx";

const ROLES = { all: "everything", server: "server", worker: "worker", capture: "capture host" } as const;

/** The processes of an installation: what each does since when, what it reads, and what is wrong with it. */
export function Processes() {
  useZone();
  const { data, error, refetch } = useStatus();
  const { process: open } = useSearch({ strict: false }) as { process?: string };
  const navigate = useNavigate();
  const processes = data?.processes;
  // Where nothing is shared there is this process alone, of which all of the page tells.
  if (processes === undefined) return null;
  const toggle = (name: string) =>
    void navigate({
      to: "/sensors",
      replace: true,
      search: (before: Record<string, unknown>) => ({
        ...before,
        process: before.process === name ? undefined : name,
      }),
    } as never);
  return (
    <section aria-labelledby="processes">
      <h2 id="processes">Processes</h2>
      {error !== null && <ProblemNotice error={error} onRetry={() => refetch()} />}
      {processes.length === 0 ? (
        <p className="dim">No process has said yet what it does; each does every few seconds.</p>
      ) : (
        <WideTable label="Processes">
          <table className="grid-table" aria-labelledby="processes">
            <thead>
              <tr>
                <th scope="col">Process</th>
                <th scope="col">State</th>
                <th scope="col">Version</th>
                <th scope="col">Since</th>
                <th scope="col" className="number">
                  Publish in force
                </th>
                <th scope="col" className="number">
                  Waiting
                </th>
                <th scope="col" className="number">
                  Worker restarts
                </th>
                <th scope="col">Reads</th>
              </tr>
            </thead>
            <tbody>
              {sorted(processes).map((process) => (
                <Fragment key={process.name}>
                  <ProcessRow
                    process={process}
                    isOpen={process.name === open}
                    isStale={error !== null}
                    onToggle={() => toggle(process.name)}
                  />
                  {process.name === open && process.reads.length > 0 && <Reads process={process} />}
                </Fragment>
              ))}
            </tbody>
          </table>
        </WideTable>
      )}
    </section>
  );
}

function ProcessRow({
  process,
  isOpen,
  isStale,
  onToggle,
}: {
  process: ProcessState;
  isOpen: boolean;
  /** Whether nothing is known of it since the server does not answer. */
  isStale: boolean;
  onToggle: () => void;
}) {
  const {
    name,
    role,
    isSelf,
    version,
    startedAt,
    revision,
    failure,
    reads,
    restarts,
    silentSince,
    captures = [],
  } = process;
  const lag = reads.reduce((sum, share) => sum + share.lag, 0);
  const partitions = reads.length === 1 ? "1 partition" : `${countText(reads.length)} partitions`;
  // Others may read by now what a silent process read.
  const count = silentSince === undefined ? partitions : `${partitions}, when last heard`;
  const [state, word] =
    silentSince !== undefined
      ? ["failing", `silent, last heard ${agoText(Date.now() - silentSince)}`]
      : isStale
        ? ["unknown", process.ready ? "was ready" : "was not ready"]
        : process.ready
          ? ["running", "ready"]
          : ["failing", "not ready"];
  const notes = [
    failure,
    ...(silentSince === undefined ? process.problems : []).map(({ message }) => message),
  ];
  return (
    <tr>
      <th scope="row">
        {visible(name)} <span className="dim">{isSelf ? `${ROLES[role]}, this one` : ROLES[role]}</span>
        {notes.some((note) => note !== undefined) && (
          <ul className="sensor-notes">
            {notes.map(
              (note) =>
                note !== undefined && (
                  <li key={note}>
                    <WithCode text={visible(note)} />
                  </li>
                ),
            )}
          </ul>
        )}
      </th>
      <td>
        <span
          className="sensor-state"
          data-state={state}
          title={silentSince === undefined ? undefined : timeText(silentSince)}
        >
          {word}
        </span>
      </td>
      <td>{version === "" ? "–" : visible(version)}</td>
      <td className="mono">{timeText(startedAt).slice(0, 19)}</td>
      <td className="number" data-rejected={failure !== undefined || undefined}>
        {countText(revision)}
      </td>
      <td className="number">{silentSince === undefined ? countText(lag) : "–"}</td>
      <td className="number">{countText(restarts)}</td>
      <td>
        {reads.length === 0 ? (
          <span className="dim">{workText(role, captures)}</span>
        ) : (
          <Button
            size="compact-xs"
            variant="subtle"
            aria-expanded={isOpen}
            aria-label={`${count} of ${name}`}
            onClick={onToggle}
          >
            {count}
          </Button>
        )}
      </td>
    </tr>
  );
}

/** What a process does that reads no topic. */
function workText(role: ProcessState["role"], captures: readonly string[]): string {
  if (captures.length > 0) return `captures ${visible(captures.join(", "))}`;
  if (role === "server") return "no topic: it is the door";
  return role === "capture" ? "captures nothing" : "nothing";
}

/** Each partition that a process reads. */
function Reads({ process: { name, reads } }: { process: ProcessState }) {
  return (
    <tr>
      <td colSpan={8}>
        <table className="grid-table" aria-label={`Partitions that ${name} reads`}>
          <thead>
            <tr>
              <th scope="col">Sensor</th>
              <th scope="col" className="number">
                Partition
              </th>
              <th scope="col">Reads it since</th>
              <th scope="col" className="number">
                Waiting
              </th>
            </tr>
          </thead>
          <tbody>
            {[...reads].sort(bySensor).map(({ sensor, partition, since, lag }) => (
              <tr key={`${sensor} ${partition}`}>
                <th scope="row">{visible(sensor)}</th>
                <td className="number">{partition}</td>
                <td className="mono">{timeText(since).slice(0, 19)}</td>
                <td className="number">{countText(lag)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </td>
    </tr>
  );
}

/** Servers first, then by name, so that rows stay where they are. */
function sorted(processes: readonly ProcessState[]): ProcessState[] {
  const rank = { server: 0, all: 1, worker: 2, capture: 3 };
  return [...processes].sort(
    (one, other) => rank[one.role] - rank[other.role] || one.name.localeCompare(other.name),
  );
}

function bySensor(one: ProcessState["reads"][number], other: ProcessState["reads"][number]): number {
  return one.sensor.localeCompare(other.sensor) || one.partition - other.partition;
}
