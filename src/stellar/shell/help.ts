/** Help on functions as the shell prints it. */

import { signature } from "../language/check.ts";
import type { StellarFunction } from "../language/function.ts";
import { kindName } from "../run/call.ts";
import { fromMessage, toText } from "../values/value.ts";

/** The help of a function: what it does, takes and gives, and examples. */
export function helpOf(definition: StellarFunction): string {
  const lines = [signature(definition), "", definition.summary];
  if (definition.params.length > 0) {
    lines.push("", "Arguments");
    const width = Math.max(...definition.params.map(({ name }) => name.length));
    for (const { name, type, about, optional, rest } of definition.params) {
      const note = optional === true ? ", optional" : rest === true ? ", any number" : "";
      lines.push(`  ${name.padEnd(width)}  ${about} (${kindName(type)}${note})`);
    }
  }
  lines.push(
    "",
    `Returns ${definition.returns}${definition.result === undefined ? "" : `: ${definition.result}`}`,
  );
  if (definition.needs.length > 0) lines.push("", `Needs ${definition.needs.join(", ")}`);
  if (definition.examples.length > 0) {
    lines.push("", "Examples");
    for (const [expression, expected] of definition.examples)
      lines.push(`  ${expression}`, `    ${shown(expected)}`);
  }
  return lines.join("\n");
}

function shown(expected: unknown): string {
  if (typeof expected === "object" && expected !== null && "raises" in expected)
    return `error: ${expected.raises}`;
  if (typeof expected === "string") return expected;
  return toText(fromMessage(expected));
}

export function withoutHelp(name: string, meant: string | undefined): string {
  const hint = meant === undefined ? "" : `; did you mean ?${meant}`;
  return `No docs available for function '${name}'${hint}`;
}
