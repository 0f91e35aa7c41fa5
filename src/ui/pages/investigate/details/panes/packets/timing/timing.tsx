import { SegmentedControl, useComputedColorScheme } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useRef } from "react";
import { type ConversationSummary, getTiming } from "../../../../../../../api/conversations.ts";
import type { ResponseOf } from "../../../../../../../api/endpoint.ts";
import type { PacketQueryState } from "../../../../../../../api/packets.ts";
import { call } from "../../../../../../call.ts";
import { timeText, useZone } from "../../../../../../parts/clock.ts";
import { counted, countText } from "../../../../../../parts/numbers.ts";
import { bytesText } from "../../../../../../parts/units.ts";
import { useArrival } from "../arrival.ts";
import { PacketsFailed } from "../no-packets.tsx";
import type { ChangePackets, PacketsState, Side } from "../packets-state.ts";
import { markText, SPEAKERS } from "../stream/marks.ts";
import { phaseOf } from "../use-conversations.ts";
import { SequenceChart } from "./sequence-chart.tsx";
import { TimingChart } from "./timing-chart.tsx";
import "./timing.css";

/** Marks listed by their times; the counts have all. */
const MOST_LISTED = 200;

/** What every connection does counts nothing. */
const USUAL = ["syn", "fin"];

type Props = {
  readonly query: PacketQueryState;
  readonly stream: ConversationSummary;
  readonly state: PacketsState;
  readonly change: ChangePackets;
};

/** When a conversation happened: how long it took to begin, how fast bytes came, and what went wrong on the way. */
export function Timing({ query, stream, state, change }: Props) {
  const { data, error, refetch } = useQuery({
    queryKey: ["packet-timing", query.id, stream.number, phaseOf(query)],
    queryFn: ({ signal }) =>
      call(getTiming, { params: { id: query.id, stream: stream.number }, query: { buckets: 200 }, signal }),
    placeholderData: keepPreviousData,
  });
  const element = useRef<HTMLElement>(null);
  useArrival(element, data !== undefined);
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  useZone();
  if (error !== null) return <PacketsFailed error={error} onRetry={() => refetch()} />;
  if (data === undefined) return <p className="packets-waiting dim">Measuring…</p>;
  const { handshake, firstByte, marks, marksLeftOut, interval, buckets } = data;
  const unlisted = Math.max(0, marks.length - MOST_LISTED) + marksLeftOut;
  const roundTrip =
    handshake?.toServer !== undefined && handshake.toClient !== undefined
      ? handshake.toServer + handshake.toClient
      : undefined;
  const lasted = lengthText(stream.last - stream.first);
  const ofProtocol: [label: string, text: string][] =
    stream.protocol === "udp"
      ? [["Lasted", lasted]]
      : [
          ["Lasted", `${lasted}${stream.ends ? "" : ", its end was not captured"}`],
          ["Round trip", handshake === undefined ? "the handshake was not captured" : lengthText(roundTrip)],
          ["SYN to SYN-ACK", lengthText(handshake?.toServer)],
          ["SYN-ACK to ACK", lengthText(handshake?.toClient)],
        ];
  const facts: [label: string, text: string][] = [
    ["Began", `${timeText(stream.first)}${stream.begins ? "" : ", before that nothing was captured"}`],
    // UDP has no handshake, and no end that could be missing.
    ...ofProtocol,
    ["Client's first byte to server's", lengthText(firstByte)],
    ["Client said", totalText(stream.clientTotals)],
    ["Server said", totalText(stream.serverTotals)],
    ...Object.entries(stream.counts)
      .filter(([kind]) => !USUAL.includes(kind))
      .map(([kind, count]): [string, string] => [countName(kind), countText(count)]),
  ];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by the keyboard
    <section ref={element} className="timing" aria-label="Timing" tabIndex={0} data-scrolls>
      <dl className="entries">
        {facts.map(([label, text]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <h3>Bytes over time{interval > 0 && <span className="dim">, per {lengthText(interval)}</span>}</h3>
      {buckets.length === 0 ? (
        <p className="dim">Nothing was said.</p>
      ) : (
        <TimingChart buckets={buckets} interval={interval} marks={marks} scheme={scheme} />
      )}
      {data.sequences !== undefined && (
        <Numbers timing={data.sequences} stream={stream} state={state} change={change}>
          {(side, steps) => <SequenceChart side={side} steps={steps} marks={marks} scheme={scheme} />}
        </Numbers>
      )}
      {marks.length > 0 && (
        <>
          <h3>Events of TCP</h3>
          <ol className="timing-marks" aria-label="Events of TCP">
            {marks.slice(0, MOST_LISTED).map(({ kind, side, time, packet, position }) => (
              <li key={`${packet} ${kind} ${position}`}>
                <span className="dim mono">+{lengthText(time - stream.first)}</span> {SPEAKERS[side]}{" "}
                {markText(kind)}{" "}
                <button
                  type="button"
                  className="packet-link"
                  onClick={() => change({ tab: "packets", packet, bytes: undefined, field: undefined })}
                >
                  packet {packet}
                </button>
              </li>
            ))}
          </ol>
          {unlisted > 0 && (
            <p className="dim">
              and {countText(unlisted)} more
              {marksLeftOut > 0 && `; the charts have the first ${countText(marks.length)}`}
            </p>
          )}
        </>
      )}
    </section>
  );
}

type Sequences = NonNullable<ResponseOf<typeof getTiming>["sequences"]>;

type NumbersProps = Pick<Props, "stream" | "state" | "change"> & {
  readonly timing: Sequences;
  readonly children: (side: Side, steps: Sequences["client"]) => ReactNode;
};

/** The numbers of TCP of one side: of the one that is chosen, else of the one that said more. */
function Numbers({ timing, stream, state, change, children }: NumbersProps) {
  const { clientTotals, serverTotals } = stream;
  const larger = serverTotals.bytes > clientTotals.bytes ? "server" : "client";
  const side = state.side === "both" ? larger : state.side;
  const steps = timing[side];
  return (
    <>
      <div className="timing-head">
        <h3>Sequence numbers and window</h3>
        <SegmentedControl
          aria-label="Whose bytes"
          value={side}
          onChange={(chosen) =>
            change({ side: chosen === "server" ? "server" : "client" }, { replace: true })
          }
          data={(["client", "server"] as const).map((value) => ({ value, label: SPEAKERS[value] }))}
        />
      </div>
      {children(side, steps)}
      {steps.every(({ limit }) => limit === undefined) && (
        <p className="dim">
          The handshake was not captured. It says how windows are scaled, so the window is not shown.
        </p>
      )}
      {timing.leftOut > 0 && (
        <p className="dim">
          {counted(timing.leftOut, "packet")} left out: cut off or in fragments, without a header of TCP that
          can be read.
        </p>
      )}
    </>
  );
}

type Totals = ConversationSummary["clientTotals"];

function totalText({ packets, bytes, missing, repeated }: Totals): string {
  const more = [
    missing > 0 ? `${countText(missing)} B missing` : "",
    repeated > 0 ? `${countText(repeated)} B sent again` : "",
  ].filter((text) => text !== "");
  return [`${bytesText(bytes)} in ${counted(packets, "packet")}`, ...more].join(", ");
}

/** Milliseconds as a person reads them; a dash for what was not captured. */
function lengthText(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return "–";
  if (milliseconds < 1) return `${(milliseconds * 1000).toFixed(0)} µs`;
  return milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

function countName(kind: string): string {
  const words = kind.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
