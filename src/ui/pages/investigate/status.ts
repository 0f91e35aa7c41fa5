/**
 * The states an alert goes through, as Metron writes them, and the one word by which the page calls each of them: in
 * the list, the details and the facet. An alert without a state is new.
 */
export const STATUSES = [
  { value: "NEW", label: "New", key: "n" },
  { value: "OPEN", label: "Open", key: "o" },
  { value: "ESCALATE", label: "Escalated", key: "e" },
  { value: "DISMISS", label: "Dismissed", key: "d" },
  { value: "RESOLVE", label: "Resolved", key: "r" },
] as const;

export type Status = (typeof STATUSES)[number]["value"];

export const STATUS = "alert_status";

export function statusOf(message: { readonly [field: string]: unknown }): Status | undefined {
  const written = message[STATUS] ?? "NEW";
  return STATUSES.find(({ value }) => value === written)?.value;
}

/** What a state is called in the list; another system's word stays as it is, and new is not worth a word. */
export function statusText(value: unknown): string {
  if (value === undefined || value === null || value === "NEW") return "";
  return STATUSES.find((status) => status.value === value)?.label ?? String(value);
}
