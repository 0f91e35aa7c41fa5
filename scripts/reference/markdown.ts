import { z } from "zod";
import type { Definition, Example } from "../../src/core/component.ts";
import type { Field } from "../../src/schema/field.ts";

type Schema = {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  required?: string[];
};

export const GENERATED = "<!-- Printed by `npm run docs`; change the sentence at its origin. -->";

/** A Markdown table; bars in cells are escaped. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(heads), `|${heads.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

/** JSON Schema of a zod schema, as a user writes it (defaults optional); parts that name components are only maps. */
function jsonSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema;
}

/** The options of a schema as a table, nested ones with dots, those of the maps of a list behind `[]`. */
export function optionsTable(schema: z.ZodType): string {
  const rows = optionRows(jsonSchema(schema), "");
  return rows.length === 0 ? "No options." : table(["option", "type", "default", "meaning"], rows);
}

function optionRows(schema: Schema, prefix: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, option]) => {
    // A map that holds nothing is no option.
    const isEmpty =
      option.additionalProperties === false && Object.keys(option.properties ?? {}).length === 0;
    if (isEmpty) return [];
    const required = schema.required?.includes(name) ? "required" : "";
    const fallback = option.default === undefined ? required : `\`${JSON.stringify(option.default)}\``;
    const row = [`\`${prefix}${name}\``, typeName(option), fallback, option.description ?? ""];
    const inList = optionRows(option.items ?? {}, `${prefix}${name}[].`);
    return [row, ...optionRows(option, `${prefix}${name}.`), ...inList];
  });
}

function typeName(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeName))].join(" or ");
  if (schema.type === "array")
    return `list of ${schema.items === undefined ? "any" : typeName(schema.items)}`;
  if (schema.type === "object") return "map";
  return Array.isArray(schema.type) ? schema.type.join(" or ") : (schema.type ?? "any");
}

type Listed = { readonly list: readonly (Definition & { readonly fields?: readonly Field[] })[] };

/** A page about all components of a kind. */
export function componentPage(title: string, about: string, { list }: Listed): string {
  const parts = [GENERATED, `# ${title}`, about];
  for (const definition of [...list].sort((one, other) => one.name.localeCompare(other.name))) {
    const { name, aliases = [], summary, config, fields = [], examples = [] } = definition;
    parts.push(`## ${name}`, summary, whatIsWritten(config));
    if (aliases.length > 0) parts.push(`Also called ${aliases.map((alias) => `\`${alias}\``).join(", ")}.`);
    if (fields.length > 0) {
      parts.push(
        "Fields it adds ([meanings](fields.md#meanings)):",
        table(
          ["field", "meaning", "what it says"],
          fields.map((field) => [`\`${field.name}\``, meaningCell(field), field.about]),
        ),
      );
    }
    if (examples.length > 0)
      parts.push(["```", ...examples.map((example) => shown(name, example)), "```"].join("\n"));
  }
  return `${parts.join("\n\n")}\n`;
}

/** The meaning of a field as a cell; "by form" where the form of each value decides. */
export function meaningCell({ meaning, isList, unit }: Field): string {
  const parts = [isList ? "list:" : "", meaning ?? "by form", unit === undefined ? "" : `in ${unit}`];
  return parts.filter((part) => part !== "").join(" ");
}

/** An example in two lines: what is written, and what comes of what. */
function shown(name: string, { options, given, gives = [], rejects }: Example): string {
  const messages = [gives].flat().map((message) => JSON.stringify(message));
  const outcome = rejects === undefined ? messages.join(", ") || "nothing" : `rejected: ${rejects}`;
  const from = typeof given === "string" ? given : JSON.stringify(given);
  return `${name}: ${JSON.stringify(options)}\n  ${from}  →  ${outcome}`;
}

/** The options of a component; a sentence where they are no map of options. */
function whatIsWritten(config: z.ZodType): string {
  const schema = jsonSchema(config);
  return schema.properties === undefined && schema.description !== undefined
    ? schema.description
    : optionsTable(config);
}
