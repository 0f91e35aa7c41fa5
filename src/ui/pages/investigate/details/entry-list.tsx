import { useZone } from "../../../parts/clock.ts";
import { measured } from "../../../parts/units.ts";
import { useFieldNotes } from "../../../parts/use-field-notes.ts";
import { useValueMenu } from "../value-menu.tsx";
import { type Entry, valueAsText } from "./message-sections.ts";
import "./entry-list.css";

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

/** A value that can be included, excluded, copied: it opens the menu at its place. */
export function ValueButton({ entry, strong = false }: { entry: Entry; strong?: boolean }) {
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
