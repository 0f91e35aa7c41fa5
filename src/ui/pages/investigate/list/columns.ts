import type { StoredMessage } from "../../../../api/selection.ts";
import { timeText } from "../../../parts/clock.ts";
import { valueAsText } from "../details/message-sections.ts";
import { heaviestRules } from "../score.ts";
import { RULES, SCORE } from "../state.ts";
import { STATUS, statusText } from "../status.ts";

/** How a column looks: its heading, first width in pixels, and whether it takes what room is left. */
export type ColumnLook = {
  readonly heading: string;
  readonly width: number;
  readonly grows?: boolean;
  readonly mono?: boolean;
};

const LOOKS: Record<string, ColumnLook> = {
  [SCORE]: { heading: "Score", width: 96 },
  [STATUS]: { heading: "Status", width: 84 },
  [RULES]: { heading: "Why", width: 240, grows: true },
  timestamp: { heading: "Time", width: 200, mono: true },
  "source.type": { heading: "Sensor", width: 84 },
  ip_src_addr: { heading: "Source", width: 140, mono: true },
  ip_src_port: { heading: "Port", width: 64, mono: true },
  ip_dst_addr: { heading: "Destination", width: 140, mono: true },
  ip_dst_port: { heading: "Port", width: 64, mono: true },
  protocol: { heading: "Protocol", width: 84 },
  "enrichments.geo.ip_dst_addr.country": { heading: "To", width: 52 },
  "enrichments.geo.ip_src_addr.country": { heading: "From", width: 56 },
  original_string: { heading: "Record", width: 320, grows: true, mono: true },
  failed_sensor_type: { heading: "Sensor", width: 84 },
  error_type: { heading: "Stage", width: 130 },
  message: { heading: "Reason", width: 320 },
  raw_message: { heading: "Record", width: 320, grows: true, mono: true },
  guid: { heading: "guid", width: 280, mono: true },
};

/** The look of a column; a field nobody has thought of goes by its own name. */
export function lookOf(column: string): ColumnLook {
  return LOOKS[column] ?? { heading: column.split(".").slice(-2).join("."), width: 150 };
}

/** The text of a cell. */
export function cellText(message: StoredMessage, column: string): string {
  if (column === RULES)
    return heaviestRules(message)
      .map(({ name }) => name)
      .join(" · ");
  const value = message[column];
  if (column === STATUS) return statusText(value);
  if (column === "timestamp" && typeof value === "number") return timeText(value);
  return valueAsText(value);
}

/** The field that stands for a column where only a field can: sorting, counting. */
export function fieldOfColumn(column: string): string {
  return column === RULES ? `${RULES}.0.name` : column;
}
