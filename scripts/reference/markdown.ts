import { z } from "zod";
import type { Component } from "../../src/core/component.ts";
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

/** JSON Schema of a zod schema, as a user writes the document (defaults optional). */
export function jsonSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema;
}

/** The options of a schema as a table, nested ones with dots. */
export function optionsTable(schema: z.ZodType): string {
  const rows = optionRows(jsonSchema(schema), "");
  return rows.length === 0 ? "No options." : table(["option", "type", "default", "meaning"], rows);
}

function optionRows(schema: Schema, prefix: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, option]) => {
    const required = schema.required?.includes(name) ? "required" : "";
    const fallback = option.default === undefined ? required : `\`${JSON.stringify(option.default)}\``;
    const row = [`\`${prefix}${name}\``, typeName(option), fallback, option.description ?? ""];
    return [row, ...optionRows(option, `${prefix}${name}.`)];
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

/** A page about all components of a kind. */
export function componentPage(
  title: string,
  about: string,
  list: readonly (Component & { fields?: readonly Field[] })[],
): string {
  const parts = [GENERATED, `# ${title}`, about];
  for (const { name, summary, config, fields } of [...list].sort((one, other) =>
    one.name.localeCompare(other.name),
  )) {
    parts.push(`## ${name}`, summary, optionsTable(config));
    if (fields !== undefined && fields.length > 0) {
      parts.push(
        "Fields it adds ([meanings](fields.md#meanings)):",
        table(
          ["field", "meaning", "what it says"],
          fields.map((field) => [`\`${field.name}\``, meaningCell(field), field.about]),
        ),
      );
    }
  }
  return `${parts.join("\n\n")}\n`;
}

/** The meaning of a field as a cell; "by form" where the form of each value decides. */
export function meaningCell({ meaning, isList, unit }: Field): string {
  const parts = [isList ? "list:" : "", meaning ?? "by form", unit === undefined ? "" : `in ${unit}`];
  return parts.filter((part) => part !== "").join(" ");
}
