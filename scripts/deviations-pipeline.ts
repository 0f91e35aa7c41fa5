import { isSameJson } from "../src/parsers/testing/deviations.ts";
import type { Line, Outcome } from "./cases-pipeline.ts";

/** Where our stages differ from the original's on purpose. */
export type Deviation = {
  readonly name: string;
  readonly reason: string;
  /** Whether a case that differs differs for this reason. `fields` are the fields that differ, when messages were compared. */
  readonly explains: (line: Line, outcome: Outcome, fields: readonly string[]) => boolean;
};

/** What the original's library of conversions takes for a boolean. */
const READS_AS_BOOLEAN = /^(true|false|yes|no|y|n|on|off|1|0)$/i;

export const DEVIATIONS: readonly Deviation[] = [
  {
    name: "hash order",
    reason:
      "the original builds this text in Java's hash order; we keep the record as it came, which is the truth and costs nothing",
    explains: (line, outcome, fields) =>
      fields.length > 0 &&
      fields.every((field) => field === "original_string") &&
      outcome.messages.every(({ original_string: text }, index) =>
        line.parserClass?.endsWith("BasicBroParser")
          ? text === line.input
          : isSameJson(text, (line.expectMessages ?? [line.expect])[index]?.original_string),
      ),
  },
  {
    name: "names that meet",
    reason:
      "where a field is renamed to a name that is there the original goes by Java's hash order and may lose either; here the renamed one wins, and two can be exchanged",
    explains: (line, _outcome, fields) =>
      line.kind === "transform" &&
      /RENAME|Rename/.test(String(line.transform.transformation)) &&
      Object.values(line.transform.config ?? {}).some((name) => Object.hasOwn(line.input as object, name)) &&
      fields.length > 0 &&
      fields.every((field) => (line.orderDependent ?? []).includes(field)),
  },
  {
    name: "one message, not the payload",
    reason: "the original loses all messages of a payload to one that fails; we reject that one alone",
    explains: (line, outcome) =>
      line.kind === "pipeline" &&
      line.error === true &&
      line.errorScope === "payload" &&
      outcome.rejected.length > 0 &&
      outcome.messages.length > 0,
  },
  {
    name: "silent loss",
    reason:
      "the original loses what it cannot read without a trace; we keep it as a rejection with its reason",
    explains: (line, outcome) =>
      line.kind === "pipeline" &&
      line.dropped === true &&
      // What a filter drops is no loss.
      line.sensorConfig.filterClassName === undefined &&
      outcome.rejected.length > 0 &&
      outcome.messages.length === 0,
  },
  {
    name: "order of error fields",
    reason:
      "the original names failed fields in Java's hash order and hashes them so; we keep the order of the validations",
    explains: (line, outcome, fields) =>
      fields.length > 0 &&
      fields.every((field) => field === "error_fields" || field === "error_hash") &&
      (line.expectErrors ?? []).every(
        (error, index) =>
          sortedNames(error.error_fields) === sortedNames(outcome.errors[index]?.error_fields),
      ),
  },
  {
    name: "is_alert unclear",
    reason:
      "the original loses a message whose is_alert reads as neither true nor false; here it counts as an alert",
    explains: (line, outcome) =>
      line.error === true &&
      outcome.rejected.length === 0 &&
      outcome.messages.some((message) => message.is_alert === "true") &&
      !READS_AS_BOOLEAN.test(String((line.input as { is_alert?: unknown }).is_alert ?? "true")),
  },
  {
    name: "no sensor",
    reason: "the original refuses to enrich a message without source.type; here every message has one",
    explains: (line, outcome) =>
      line.kind === "enrich" &&
      line.error === true &&
      !Object.hasOwn(line.input as object, "source.type") &&
      outcome.messages.length === 1 &&
      outcome.rejected.length === 0,
  },
  {
    name: "refused when published",
    reason:
      "a mistake in an expression or option is refused with the configuration and not message by message",
    explains: (line, outcome) =>
      line.error === true && line.errorScope !== "config" && outcome.refused !== undefined,
  },
];

function sortedNames(fields: unknown): string {
  return String(fields ?? "")
    .split(",")
    .sort()
    .join();
}
