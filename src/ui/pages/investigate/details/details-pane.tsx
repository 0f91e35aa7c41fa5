import { ActionIcon, Skeleton, TextInput, Tooltip } from "@mantine/core";
import { IconLink, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { getMessage } from "../../../../api/messages.ts";
import type { StoredMessage } from "../../../../api/selection.ts";
import { call } from "../../../call.ts";
import { copy } from "../../../parts/clipboard.ts";
import { timeText, useZone, zoneName } from "../../../parts/clock.ts";
import { ProblemNotice } from "../../../parts/problem-notice.tsx";
import { scoreOf, severityOf } from "../score.ts";
import type { Status } from "../status.ts";
import { EndpointCards, EntryList, IntelMatches, Section } from "./details-parts.tsx";
import { type Entry, prettyRaw, sectionsOf, valueAsText } from "./message-sections.ts";
import { ScoreExplained } from "./score-explained.tsx";
import { StatusControl } from "./status-control.tsx";
import "./details-pane.css";

type Props = {
  readonly guid: string;
  readonly onClose: () => void;
  readonly onStatus: (status: Status) => void;
  readonly find: React.Ref<HTMLInputElement>;
};

/** One message, whole: why it is scored so, who talked to whom, what is known of them, what the sensor said. */
export function DetailsPane({ guid, onClose, onStatus, find }: Props) {
  const [wanted, setWanted] = useState("");
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["message", guid],
    queryFn: async ({ signal }) => (await call(getMessage, { params: { guid }, signal })).message,
  });
  return (
    <aside className="details" aria-label="Details" aria-busy={isPending}>
      <header className="details-head">
        {data === undefined ? <span className="details-title dim">{guid}</span> : <Title message={data} />}
        <TextInput
          ref={find}
          className="details-find"
          aria-label="Find a field"
          placeholder="Find a field (f)"
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
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
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by the keyboard */}
      <section className="details-body" aria-label="Message" tabIndex={0}>
        {data?.is_alert !== undefined && <StatusControl message={data} onStatus={onStatus} />}
        {data !== undefined && <Body message={data} wanted={wanted.trim().toLowerCase()} />}
        {isPending && <Waiting />}
        {error !== null && data === undefined && <ProblemNotice error={error} onRetry={() => refetch()} />}
      </section>
    </aside>
  );
}

function Title({ message }: { message: StoredMessage }) {
  const time = message.timestamp;
  useZone();
  return (
    <h1 className="details-title" data-severity={severityOf(scoreOf(message))}>
      {isRejected(message) ? `${message.failed_sensor_type}, rejected` : sensorOf(message)}
      <span className="dim mono">
        {typeof time === "number" ? `${timeText(time)} ${zoneName()}` : String(time ?? "")}
      </span>
    </h1>
  );
}

function Body({ message, wanted }: { message: StoredMessage; wanted: string }) {
  const sections = useMemo(() => sectionsOf(message), [message]);
  const alert = message.is_alert !== undefined;
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
  return (
    <>
      {alert && (
        <Section title="How the score came about">
          <ScoreExplained message={message} />
        </Section>
      )}
      {sections.intel.length > 0 && (
        <Section title="Threat intelligence" tone="high">
          <IntelMatches matches={sections.intel} />
        </Section>
      )}
      {sections.endpoints.length > 0 && (
        <Section title="Who and where">
          <EndpointCards endpoints={sections.endpoints} />
        </Section>
      )}
      {sections.network.length > 0 && (
        <Section title="Network">
          <EntryList entries={sections.network} />
        </Section>
      )}
      {sections.enrichments.map(({ field, entries }) => (
        <Section key={field} title={`What is known of ${field}`}>
          <EntryList entries={entries} />
        </Section>
      ))}
      {sections.sensor.length > 0 && (
        <Section title={isRejected(message) ? "Why it was rejected" : `What ${sensorOf(message)} says`}>
          <EntryList entries={sections.sensor} />
        </Section>
      )}
      <Section title="Record">
        <EntryList entries={sections.record} />
      </Section>
      {sections.raw !== undefined && (
        <Section
          title="As it was received"
          action={{ label: "Copy", onClick: () => copy(sections.raw ?? "") }}
        >
          <pre className="raw">{prettyRaw(sections.raw)}</pre>
        </Section>
      )}
    </>
  );
}

function sensorOf(message: StoredMessage): string {
  return String(message["source.type"] ?? "the sensor");
}

/** A record that became no message stands in the error index, with the sensor it came from beside. */
function isRejected(message: StoredMessage): boolean {
  return message.failed_sensor_type !== undefined;
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
