/**
 * The states an alert goes through, as Metron writes them, and the one word by which the page calls each of them: in
 * the list, the details and the facet. An alert without a state is new.
 */
export const STATUSES = [
  { value: "NEW", label: "New", keys: ["n"], about: "Make the alert new again" },
  { value: "OPEN", label: "Open", keys: ["o"], about: "Open the alert: somebody looks at it" },
  { value: "ESCALATE", label: "Escalated", keys: ["e"], about: "Escalate the alert" },
  { value: "DISMISS", label: "Dismissed", keys: ["d"], about: "Dismiss the alert" },
  { value: "RESOLVE", label: "Resolved", keys: ["r"], about: "Resolve the alert" },
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
