import { Fault } from "../core/fault.ts";
import { safeText } from "./print.ts";

/** A mistake in the query with its place marked below it. */
export function marked(query: string, fault: Fault): Fault {
  const { line, column, length } = (fault.details ?? {}) as Partial<Record<string, number>>;
  if (line === undefined || column === undefined) return fault;
  const text = safeText(query.split("\n")[line - 1] ?? "");
  const message = fault.message.replace(/^Line \d+, column \d+: /, "");
  const marks = "^".repeat(Math.max(1, Math.min(length ?? 1, text.length - column + 1)));
  return new Fault(fault.code, `${message}\n  ${text}\n  ${" ".repeat(column - 1)}${marks}`, {
    ...{ cause: fault, advice: fault.advice },
  });
}
