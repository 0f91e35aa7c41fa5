import { SegmentedControl } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { addressOf } from "../../../../../../../api/client.ts";
import { type ConversationSummary, downloadSide } from "../../../../../../../api/conversations.ts";
import { exportPackets } from "../../../../../../../api/packet-reading.ts";
import type { PacketQueryState } from "../../../../../../../api/packets.ts";
import { visible } from "../../../../../../parts/cells.ts";
import { timeText, useZone, zoneName } from "../../../../../../parts/clock.ts";
import { counted, countText } from "../../../../../../parts/numbers.ts";
import { bytesText } from "../../../../../../parts/units.ts";
import { useArrival } from "../arrival.ts";
import { type PacketsState, SIDES } from "../packets-state.ts";
import { SPEAKERS } from "../stream/marks.ts";
import { conversationText } from "../use-conversations.ts";
import "./raw.css";

const FORMATS = ["pcapng", "pcap"] as const;

type Props = {
  readonly query: PacketQueryState;
  /** The conversation that is looked at; undefined when the packets make none. */
  readonly stream: ConversationSummary | undefined;
};

/** Packets and bytes to take along, with what a court or a colleague must know of them. */
export function Raw({ query, stream }: Props) {
  const [format, setFormat] = useState<(typeof FORMATS)[number]>("pcapng");
  const [direction, setDirection] = useState<PacketsState["side"]>("both");
  const element = useRef<HTMLElement>(null);
  useArrival(element);
  const client = useQueryClient();
  useZone();
  const params = { id: query.id };
  // The list of what was taken is right again when the download is complete, which the page does not hear of.
  const taken = () => {
    for (const after of [1000, 5000, 20_000])
      setTimeout(() => client.invalidateQueries({ queryKey: ["packet-query", query.id] }), after);
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by the keyboard
    <section ref={element} className="raw-packets" aria-label="Downloads" tabIndex={0} data-scrolls>
      <div className="object-actions">
        <SegmentedControl
          aria-label="Format"
          value={format}
          onChange={(value) => setFormat(FORMATS.find((each) => each === value) ?? "pcapng")}
          data={[...FORMATS]}
        />
        <SegmentedControl
          aria-label="Packets of"
          value={direction}
          onChange={(value) => setDirection(SIDES.find((each) => each === value) ?? "both")}
          data={[
            { value: "both", label: "Both sides" },
            { value: "client", label: "Client" },
            { value: "server", label: "Server" },
          ]}
        />
      </div>
      <ul className="downloads">
        {stream !== undefined && (
          <li>
            <a
              download
              onClick={taken}
              href={addressOf(exportPackets, params, { format, stream: stream.number, direction })}
            >
              {direction === "both" ? "Packets" : `The ${SPEAKERS[direction].toLowerCase()}'s packets`} of
              this conversation as {format}
            </a>
            <span className="dim"> {conversationText(stream)}</span>
          </li>
        )}
        <li>
          <a download onClick={taken} href={addressOf(exportPackets, params, { format })}>
            {query.packets === 1
              ? "The packet that was"
              : `All ${countText(query.packets)} packets that were`}{" "}
            found as {format}
          </a>
          <span className="dim"> {bytesText(query.bytes)}</span>
        </li>
        {stream !== undefined &&
          (["client", "server"] as const).map((side) => {
            const { bytes, missing } = side === "client" ? stream.clientTotals : stream.serverTotals;
            return (
              <li key={side}>
                <a
                  download
                  onClick={taken}
                  href={addressOf(downloadSide, { id: query.id, stream: stream.number }, { side })}
                >
                  What the {SPEAKERS[side].toLowerCase()} said, as it was sent
                </a>
                <span className="dim">
                  {" "}
                  {bytesText(bytes)}
                  {missing > 0 &&
                    `; ${counted(missing, "byte")} ${missing === 1 ? "is" : "are"} missing and left out`}
                </span>
              </li>
            );
          })}
      </ul>
      <p className="dim">
        A pcapng says in its first comment who took it, when, by which query and from which captures, and the
        SHA-256 of its frames. Every download is logged.
      </p>
      <h3>Where it comes from</h3>
      <dl className="entries">
        <div>
          <dt>Query</dt>
          <dd>{visible(query.summary)}</dd>
        </div>
        <div>
          <dt>Asked</dt>
          <dd>
            {timeText(query.at)} {zoneName()} by {visible(query.by)}
          </dd>
        </div>
        {stream !== undefined && (
          <div>
            <dt>Community ID</dt>
            <dd className="mono">{stream.communityId}</dd>
          </div>
        )}
      </dl>
      {query.exports.length > 0 && (
        <>
          <h3>What was taken of it</h3>
          <ul className="downloads" aria-label="What was taken of it">
            {query.exports.map(({ by, at, what, bytes, sha256 }) => (
              <li key={`${at} ${sha256}`}>
                {visible(what)}, {bytesText(bytes)}{" "}
                <span className="dim">
                  {timeText(at)} by {visible(by)}
                </span>
                <p className="mono">SHA-256 {sha256}</p>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
