import { timeText, useZone } from "../../../parts/clock.ts";
import { bytesText, countsBytes } from "../../../parts/units.ts";
import { useValueMenu } from "../value-menu.tsx";
import { type Entry, valueAsText } from "./message-sections.ts";
import "./entry-list.css";

/** Fields and their values; each value opens its menu. */
export function EntryList({ entries }: { entries: readonly Entry[] }) {
  return (
    <dl className="entries">
      {entries.map((entry) => (
        <div key={entry.field}>
          <dt title={entry.field}>{entry.label}</dt>
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
      {shown(field, value)}
    </button>
  );
}

function shown(field: string, value: unknown): string {
  if (typeof value === "number" && countsBytes(field)) return bytesText(value);
  const time = Number(value);
  const isTime = (field === "timestamp" || field.endsWith(".ts")) && time > 1e11 && time < 1e14;
  return isTime ? timeText(time) : valueAsText(value);
}
