import { useComputedColorScheme } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ConversationSummary, getTiming } from "../../../../../../../api/conversations.ts";
import type { PacketQueryState } from "../../../../../../../api/packets.ts";
import { call } from "../../../../../../call.ts";
import { timeText, useZone } from "../../../../../../parts/clock.ts";
import { countText } from "../../../../../../parts/numbers.ts";
import { bytesText } from "../../../../../../parts/units.ts";
import { PacketsFailed } from "../no-packets.tsx";
import { markText, SPEAKERS } from "../stream/marks.ts";
import { phaseOf } from "../use-conversations.ts";
import { TimingChart } from "./timing-chart.tsx";
import "./timing.css";

/** Marks listed by their times; the chart and the counts have all. */
const MOST_LISTED = 200;

/** What every connection does counts nothing. */
const USUAL = ["syn", "fin"];

type Props = { readonly query: PacketQueryState; readonly stream: ConversationSummary };

/** When a conversation happened: how long it took to begin, how fast bytes came, and what went wrong on the way. */
export function Timing({ query, stream }: Props) {
  const { data, error, refetch } = useQuery({
    queryKey: ["packet-timing", query.id, stream.number, phaseOf(query)],
    queryFn: ({ signal }) =>
      call(getTiming, { params: { id: query.id, stream: stream.number }, query: { buckets: 200 }, signal }),
    placeholderData: keepPreviousData,
  });
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  useZone();
  if (error !== null) return <PacketsFailed error={error} onRetry={() => refetch()} />;
  if (data === undefined) return <p className="packets-waiting dim">Measuring…</p>;
  const { handshake, firstByte, marks, interval, buckets } = data;
  const roundTrip =
    handshake?.toServer !== undefined && handshake.toClient !== undefined
      ? handshake.toServer + handshake.toClient
      : undefined;
  const facts: [label: string, text: string][] = [
    ["Began", `${timeText(stream.first)}${stream.begins ? "" : ", before that nothing was captured"}`],
    ["Lasted", `${lengthText(stream.last - stream.first)}${stream.ends ? "" : ", its end was not captured"}`],
    ["Round trip", handshake === undefined ? "the handshake was not captured" : lengthText(roundTrip)],
    ["SYN to its answer", lengthText(handshake?.toServer)],
    ["Answer to acknowledgement", lengthText(handshake?.toClient)],
    ["First word of the client to the server's", lengthText(firstByte)],
    ["Client said", totalText(stream.clientTotals)],
    ["Server said", totalText(stream.serverTotals)],
    ...Object.entries(stream.counts)
      .filter(([kind]) => !USUAL.includes(kind))
      .map(([kind, count]): [string, string] => [countName(kind), countText(count)]),
  ];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by the keyboard
    <section className="timing" aria-label="Timing" tabIndex={0} data-scrolls>
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
      {marks.length > 0 && (
        <>
          <h3>What happened beside</h3>
          <ol className="timing-marks">
            {marks.slice(0, MOST_LISTED).map(({ kind, side, time, packet, position }) => (
              <li key={`${packet} ${kind} ${position}`}>
                <span className="dim mono">+{lengthText(time - stream.first)}</span> {SPEAKERS[side]}{" "}
                {markText(kind)} <span className="dim">packet {packet}</span>
              </li>
            ))}
          </ol>
          {marks.length > MOST_LISTED && (
            <p className="dim">and {countText(marks.length - MOST_LISTED)} more</p>
          )}
        </>
      )}
    </section>
  );
}

type Totals = ConversationSummary["clientTotals"];

function totalText({ packets, bytes, missing, repeated }: Totals): string {
  const more = [
    missing > 0 ? `${countText(missing)} missing` : "",
    repeated > 0 ? `${countText(repeated)} again` : "",
  ].filter((text) => text !== "");
  return [`${bytesText(bytes)} in ${countText(packets)} packets`, ...more].join(", ");
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
