import { namespaces } from "../../src/stellar/functions/index.ts";
import { GENERATED, table } from "./markdown.ts";

/** The page of all Stellar functions, by namespace, with examples. */
export function stellarPage(): string {
  const parts = [
    GENERATED,
    "# Stellar functions",
    "Arguments in brackets may be left out; `...` stands for any number. Examples run as tests.",
  ];
  for (const { name, functions } of [...namespaces].sort((one, other) =>
    one.name.localeCompare(other.name),
  )) {
    parts.push(`## ${name}`);
    for (const fn of [...functions].sort((one, other) => one.name.localeCompare(other.name))) {
      const usage = fn.params
        .map((param) => (param.rest ? `${param.name}...` : param.optional ? `[${param.name}]` : param.name))
        .join(", ");
      parts.push(
        `### ${fn.name}`,
        `\`${fn.name}(${usage})\` gives ${typeof fn.returns === "string" ? fn.returns : "a value"}. ${fn.summary}`,
      );
      if (fn.params.length > 0)
        parts.push(
          table(
            ["argument", "type", "meaning"],
            fn.params.map((param) => [
              `\`${param.name}\``,
              typeof param.type === "string" ? param.type : param.type.stellarType,
              param.about,
            ]),
          ),
        );
      if (fn.needs.length > 0) parts.push(`Needs: ${fn.needs.join(", ")}.`);
      if (fn.examples.length > 0)
        parts.push(
          ["```", ...fn.examples.map(([expr, expected]) => `${expr}  →  ${shown(expected)}`), "```"].join(
            "\n",
          ),
        );
    }
  }
  return `${parts.join("\n\n")}\n`;
}

function shown(expected: unknown): string {
  if (typeof expected === "object" && expected !== null && "raises" in expected)
    return `error: ${String(expected.raises)}`;
  return typeof expected === "number" && !Number.isFinite(expected)
    ? String(expected)
    : JSON.stringify(expected);
}
