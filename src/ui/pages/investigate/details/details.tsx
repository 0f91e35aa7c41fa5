import { ActionIcon, Button, Skeleton, TextInput, Tooltip } from "@mantine/core";
import { IconLink, IconStack2, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useRef, useState } from "react";
import type { StoredMessage } from "../../../../api/selection.ts";
import { copy } from "../../../parts/clipboard.ts";
import { timeText, useZone, zoneName } from "../../../parts/clock.ts";
import { useHold, useShortcuts } from "../../../parts/keys.ts";
import { ProblemNotice } from "../../../parts/problem-notice.tsx";
import { messageQuery } from "../message-query.ts";
import { scoreOf, severityOf } from "../score.ts";
import type { Status } from "../status.ts";
import type { Change } from "../use-page-state.ts";
import { DETAILS_KEYS } from "./details-keys.ts";
import { Divider, useDetailsWidth } from "./divider.tsx";
import { EntryList } from "./entry-list.tsx";
import { type Entry, isRejected, sensorOf, valueAsText } from "./message-sections.ts";
import { panes } from "./panes/index.ts";
import { callView } from "./panes/packets/arrival.ts";
import { PACKETS_KEYS } from "./panes/packets/packets-keys.ts";
import {
  firstPackets,
  type PacketsState,
  type PacketsTab,
  TABS,
  withTab,
} from "./panes/packets/packets-state.ts";
import { Section } from "./section.tsx";
import { StatusControl } from "./status-control.tsx";
import "./details.css";

const Packets = lazy(async () => ({ default: (await import("./panes/packets/packets.tsx")).Packets }));

/** Views of packets in which something can be found. */
const HAS_FIND: readonly PacketsTab[] = ["stream", "packets"];

type Props = {
  readonly guid: string;
  /** What is shown of its packets; undefined for its fields. */
  readonly packets: PacketsState | undefined;
  readonly change: Change;
  readonly onClose: () => void;
  readonly onStatus: (status: Status) => void;
};

/** One message, whole, beside the list: why it is scored so, who talked to whom, what the sensor said. */
export function Details(props: Props) {
  const [width, setWidth] = useDetailsWidth(props.packets !== undefined);
  return (
    <div className="details-area" style={{ "--details-width": `${width}px` } as React.CSSProperties}>
      <Divider width={width} onWidth={setWidth} />
      <MessageDetails key={props.guid} {...props} />
    </div>
  );
}

function MessageDetails({ guid, packets, change, onClose, onStatus }: Props) {
  const find = useRef<HTMLInputElement>(null);
  const togglePackets = () => change({ packets: packets === undefined ? firstPackets() : undefined });
  useShortcuts([
    [
      PACKETS_KEYS.open,
      () => {
        if (packets === undefined) callView();
        togglePackets();
      },
    ],
  ]);
  // Served here, as the views themselves may still be on their way.
  useShortcuts(
    packets === undefined
      ? []
      : TABS.map((tab, at) => [
          { ...PACKETS_KEYS.tab, keys: [String(at + 1)] },
          () => {
            if (tab === packets.tab) return;
            callView();
            change({ packets: withTab(packets, tab) });
          },
        ]),
  );
  useShortcuts(packets === undefined ? [[DETAILS_KEYS.find, () => find.current?.focus()]] : []);
  // Where bytes of a stream, or packets, are found is shown with the view, a while after the key may be pressed.
  useHold(packets === undefined || HAS_FIND.includes(packets.tab) ? DETAILS_KEYS.find : undefined);
  const [wanted, setWanted] = useState("");
  const { data, error, isPending, refetch } = useQuery(messageQuery(guid));
  return (
    <aside className="details" aria-label="Details" aria-busy={isPending} data-scrolls>
      <header className="details-head">
        {data === undefined ? <span className="details-title dim">{guid}</span> : <Title message={data} />}
        {packets === undefined && (
          <TextInput
            ref={find}
            className="details-find"
            aria-label="Find a field"
            placeholder="Find (f)"
            value={wanted}
            onChange={(event) => setWanted(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") event.currentTarget.blur();
            }}
          />
        )}
        <Tooltip
          label={packets === undefined ? "What was said, packet by packet (p)" : "Back to the fields (p)"}
        >
          <Button
            leftSection={<IconStack2 size={14} />}
            aria-pressed={packets !== undefined}
            variant={packets === undefined ? "default" : "light"}
            onClick={togglePackets}
          >
            Packets
          </Button>
        </Tooltip>
        <Tooltip label="Copy a link to this (y)">
          <ActionIcon aria-label="Copy a link to this" onClick={() => copy(window.location.href)}>
            <IconLink size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Close (Esc)">
          <ActionIcon aria-label="Close the details" onClick={onClose}>
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      </header>
      {packets !== undefined && error === null ? (
        <Suspense fallback={<p className="packets-waiting dim">Loading…</p>}>
          <Packets guid={guid} message={data} state={packets} change={change} />
        </Suspense>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by the keyboard
        <section className="details-body" aria-label="Message" tabIndex={0}>
          {data?.is_alert !== undefined && <StatusControl message={data} onStatus={onStatus} />}
          {data !== undefined && <Body message={data} wanted={wanted.trim().toLowerCase()} />}
          {isPending && <Waiting />}
          {error !== null && data === undefined && <ProblemNotice error={error} onRetry={() => refetch()} />}
        </section>
      )}
    </aside>
  );
}

function Title({ message }: { message: StoredMessage }) {
  const time = message.timestamp;
  useZone();
  const said = typeof time === "number" ? `${timeText(time)} ${zoneName()}` : String(time ?? "");
  return (
    <h1 className="details-title" data-severity={severityOf(scoreOf(message))}>
      {isRejected(message) ? `${message.failed_sensor_type}, rejected` : sensorOf(message)}
      <span className="dim mono" title={said}>
        {said}
      </span>
    </h1>
  );
}

function Body({ message, wanted }: { message: StoredMessage; wanted: string }) {
  if (wanted !== "") {
    const found = Object.keys(message)
      .filter((field) => `${field} ${valueAsText(message[field])}`.toLowerCase().includes(wanted))
      .sort()
      .map((field): Entry => ({ field, label: field, value: message[field] }));
    return (
      <Section title={found.length === 0 ? "No field or value has this" : "Found"}>
        <EntryList entries={found} />
      </Section>
    );
  }
  return panes
    .filter(({ appliesTo }) => appliesTo(message))
    .map(({ id, title, tone, action, View }) => (
      <Section
        key={id}
        title={typeof title === "string" ? title : title(message)}
        tone={tone}
        action={action && { label: action.label, onClick: () => action.run(message) }}
      >
        <View message={message} />
      </Section>
    ));
}

function Waiting() {
  return (
    <div className="details-waiting">
      <Skeleton height={64} />
      <Skeleton height={120} />
      <Skeleton height={200} />
    </div>
  );
}
