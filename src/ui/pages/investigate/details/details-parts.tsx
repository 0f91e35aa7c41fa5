import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { useZone } from "../../../parts/clock.ts";
import { measured } from "../../../parts/units.ts";
import { useFieldNotes } from "../../../parts/use-field-notes.ts";
import { useValueMenu } from "../value-menu.tsx";
import { type Endpoint, type Entry, type IntelMatch, valueAsText } from "./message-sections.ts";
import "./details-parts.css";

type SectionProps = {
  readonly title: string;
  readonly children: ReactNode;
  readonly tone?: "high";
  readonly action?: { readonly label: string; readonly onClick: () => void };
};

export function Section({ title, children, tone, action }: SectionProps) {
  return (
    <section className="section" data-tone={tone} aria-label={title}>
      <h2>
        {title}
        {action !== undefined && (
          <Button variant="subtle" size="compact-xs" onClick={action.onClick}>
            {action.label}
          </Button>
        )}
      </h2>
      {children}
    </section>
  );
}

/** Fields and their values; each value opens its menu. */
export function EntryList({ entries }: { entries: readonly Entry[] }) {
  const notes = useFieldNotes();
  return (
    <dl className="entries">
      {entries.map((entry) => (
        <div key={entry.field}>
          <dt title={[entry.field, notes.get(entry.field)?.about].filter(Boolean).join("\n")}>
            {entry.label}
          </dt>
          <dd>
            <ValueButton entry={entry} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What matched which kind of indicator. */
export function IntelMatches({ matches }: { matches: readonly IntelMatch[] }) {
  return (
    <dl className="entries">
      {matches.map(({ kind, subject, said }) => (
        <div key={`${kind} ${subject.field}`}>
          <dt>{kind}</dt>
          <dd>
            <ValueButton entry={subject} strong />
            <span className="dim"> {subject.field}</span>
            {said !== undefined && <p>{said}</p>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A value that can be included, excluded, copied: it opens the menu at its place. */
function ValueButton({ entry, strong = false }: { entry: Entry; strong?: boolean }) {
  const openMenu = useValueMenu();
  const { field, value } = entry;
  const note = useFieldNotes().get(field);
  useZone();
  return (
    <button
      type="button"
      className={strong ? "value value-strong" : "value"}
      aria-haspopup="menu"
      onClick={(event) => {
        const place = event.currentTarget.getBoundingClientRect();
        openMenu({ field, value, x: place.left, y: place.bottom });
      }}
      onContextMenu={(event) => {
        event.preventDefault();
        openMenu({ field, value, x: event.clientX, y: event.clientY });
      }}
    >
      {measured(value, note) ?? valueAsText(value)}
    </button>
  );
}

/** The two ends of the traffic, side by side, with what is known of each address. */
export function EndpointCards({ endpoints }: { endpoints: readonly Endpoint[] }) {
  return (
    <div className="ends">
      {endpoints.map(({ role, address, port, known }) => (
        <section key={role} className="end" aria-label={role}>
          <h3>{role}</h3>
          <p className="end-address">
            {address !== undefined && <ValueButton entry={address} strong />}
            {port !== undefined && (
              <>
                <span className="dim">:</span>
                <ValueButton entry={port} strong />
              </>
            )}
          </p>
          {known.length === 0 && <p className="dim">Nothing is known of it.</p>}
          {known.map(({ adapter, entries }) => (
            <div key={adapter} className="end-known">
              <h4>{adapter}</h4>
              <EntryList
                entries={entries.map((entry) => ({
                  ...entry,
                  label: entry.label.replace(/^(known_info\.|autonomous_system_)/, ""),
                }))}
              />
            </div>
          ))}
        </section>
      ))}
    </div>
  );
}
