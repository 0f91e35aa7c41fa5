import type { CaptureState } from "../api/captures.ts";
import { bytes, count, counted, printJson, safeText } from "./print.ts";

/** Prints what became of a capture, and has the command exit with 1 when not all of it was taken. */
export function printTaken(state: CaptureState, options: { json?: true | undefined }): void {
  printCapture(state, options);
  if (state.state !== "finished") process.exitCode = 1;
}

/** Prints what became of a capture. */
export function printCapture(state: CaptureState, { json }: { json?: true | undefined }): void {
  if (json) {
    printJson(state);
    return;
  }
  const lines = captureLines(state);
  process.stdout.write(`${lines.map(safeText).join("\n")}\n`);
}

/** What is said in other words than those of the API. */
const STATES: Partial<Record<CaptureState["state"], string>> = { damaged: "finished, with problems" };

function captureLines(state: CaptureState): string[] {
  const { name, packets, stored, flows, records, startedAt, endedAt = startedAt, format } = state;
  const seconds = (endedAt - startedAt) / 1000;
  const kind = format === undefined ? "" : ` of ${format}`;
  const left = packets === stored ? "" : `, ${count(stored)} of them stored`;
  const { dropped, filtered, shortened, unreadable, problems, problemCount, notes, error } = state;
  return [
    `${name}: ${counted(packets, "packet")} (${bytes(state.bytes)})${kind} taken in ${seconds.toFixed(1)} s${left}; ${counted(flows, "flow")}, ${counted(records, "record")}`,
    ...(error === undefined ? [] : [`  ${STATES[state.state] ?? state.state}: ${error}`]),
    ...(dropped > 0
      ? [`  ${counted(dropped, "packet")} lost: they came faster than they could be taken`]
      : []),
    ...(filtered > 0 ? [`  ${counted(filtered, "packet")} did not pass the filter`] : []),
    ...(shortened > 0 ? [`  ${bytes(shortened)} left out by snap length and cutoff`] : []),
    ...(unreadable > 0 ? [`  ${counted(unreadable, "packet")} could not be read`] : []),
    ...problems.map(({ at, text }) => `  at byte ${count(at)}: ${text}`),
    ...(problemCount > problems.length
      ? [`  and ${count(problemCount - problems.length)} more problems`]
      : []),
    ...notes.map((note) => `  ${note}`),
  ];
}
