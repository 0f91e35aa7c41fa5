import type { PartialAnswer } from "../api/search.ts";
import { printJson, safeText } from "./print.ts";

/** Says on standard error why an answer is not the whole one; with `--json` also as a last line of JSON. */
export function tellPartial(partial: PartialAnswer | undefined, { json }: { json?: true }): void {
  if (partial === undefined) return;
  if (json) printJson({ partial });
  for (const { text, advice } of partial.reasons)
    process.stderr.write(`partial: ${safeText(text)}\n  ${safeText(advice)}\n`);
}
