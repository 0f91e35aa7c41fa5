/** Mistakes as people read them: what, where, and what to do. */
import { type Span, StellarError, StellarSyntaxError } from "./error.ts";

type Severity = "error" | "warning";

/** Something the checker has to say about a stretch of the text. */
export type Diagnostic = {
  readonly severity: Severity;
  readonly message: string;
  readonly span: Span;
  /** A fragment like "did you mean `TO_UPPER`?". */
  readonly suggestion?: string;
};

/** Where an offset is, both counted from 1; columns in UTF-16 units. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1 };
}

/** An error of evaluation or syntax as a diagnostic; without a place it stands for the whole text. */
export function diagnosticOf(text: string, error: StellarError): Diagnostic {
  const span = error.span ?? { start: 0, end: text.length };
  const suggestion = error instanceof StellarSyntaxError ? error.suggestion : undefined;
  const diagnostic = { severity: "error" as const, message: error.message, span };
  return suggestion === undefined ? diagnostic : { ...diagnostic, suggestion };
}

/** How much of a long line is shown on either side of the mistake. */
const AROUND = 60;

/**
 * A diagnostic with its line and a caret under the place:
 *
 * ```
 * error: there is no function TO_UPER
 *  --> line 1, column 5
 *   |
 * 1 | not(TO_UPER(x) == 'A')
 *   |     ^^^^^^^ did you mean TO_UPPER?
 * ```
 */
export function formatDiagnostic(text: string, diagnostic: Diagnostic): string {
  const { line, column } = placeOf(text, diagnostic.span.start);
  const full = (text.split("\n")[line - 1] ?? "").replace(/\r$/, "").replaceAll("\t", " ");
  const from = Math.max(0, column - 1 - AROUND);
  const shown = `${from > 0 ? "…" : ""}${full.slice(from, column - 1 + AROUND)}${full.length > column - 1 + AROUND ? "…" : ""}`;
  const indent = column - 1 - from + (from > 0 ? 1 : 0);
  const width = Math.max(1, Math.min(diagnostic.span.end - diagnostic.span.start, shown.length - indent));
  const gutter = " ".repeat(String(line).length);
  const hint = diagnostic.suggestion === undefined ? "" : ` ${diagnostic.suggestion}`;
  return [
    `${diagnostic.severity}: ${diagnostic.message}`,
    `${gutter}--> line ${line}, column ${column}`,
    `${gutter} |`,
    `${line} | ${shown}`,
    `${gutter} | ${" ".repeat(indent)}${"^".repeat(width)}${hint}`,
  ].join("\n");
}

/** An error as `formatDiagnostic` shows it. */
export function formatError(text: string, error: unknown): string {
  if (error instanceof StellarError) return formatDiagnostic(text, diagnosticOf(text, error));
  return `error: ${error instanceof Error ? error.message : String(error)}`;
}
