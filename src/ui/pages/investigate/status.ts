/** The states an alert goes through; Metron writes them so, and an alert without one is new. */
export const STATUSES = [
  { value: "NEW", label: "New", done: "New", key: "n" },
  { value: "OPEN", label: "Open", done: "Open", key: "o" },
  { value: "ESCALATE", label: "Escalate", done: "Escalated", key: "e" },
  { value: "DISMISS", label: "Dismiss", done: "Dismissed", key: "d" },
  { value: "RESOLVE", label: "Resolve", done: "Resolved", key: "r" },
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
  return STATUSES.find((status) => status.value === value)?.done ?? String(value);
}
