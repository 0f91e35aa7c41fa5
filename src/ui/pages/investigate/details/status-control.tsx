import { SegmentedControl } from "@mantine/core";
import type { StoredMessage } from "../../../../api/selection.ts";
import { STATUSES, type Status, statusOf } from "../status.ts";
import "./status-control.css";

type Props = { readonly message: StoredMessage; readonly onStatus: (status: Status) => void };

/** The state of an alert, to be changed by a click; the list serves the keys. */
export function StatusControl({ message, onStatus }: Props) {
  return (
    <SegmentedControl
      fullWidth
      className="status-control"
      aria-label="Status"
      value={statusOf(message) ?? ""}
      onChange={(status) => onStatus(status as Status)}
      data={STATUSES.map(({ value, label, keys }) => ({
        value,
        label: <span title={`Key: ${keys[0]}`}>{label}</span>,
      }))}
    />
  );
}
