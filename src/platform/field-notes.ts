import { builtIn, type Components } from "../config/components.ts";
import type { EnrichmentDefinition } from "../enrichments/enrichment.ts";
import type { ParserDefinition } from "../parsers/parser.ts";
import type { Field } from "../schema/field.ts";
import { type MeaningDefinition, meanings } from "../schema/meanings.ts";
import { isPattern, Schema, schema } from "../schema/schema.ts";

/** How expressions and completion know a field. */
export type FieldType = MeaningDefinition["type"] | "list";

const known = new WeakMap<Components, Schema>();

/** The schema, with what parsers and enrichments declare beyond it. */
export function knownFields(components: Components): Schema {
  let all = known.get(components);
  if (all === undefined) {
    all = new Schema([...schema, ...fieldsOf(components.parsers.list, components.enrichments.list)]);
    known.set(components, all);
  }
  return all;
}

/** What extensions declare: messages are stored and searched by it as by the schema. */
export function fieldsOfExtensions({ parsers, enrichments }: Components): Field[] {
  return fieldsOf(
    parsers.list.filter((parser) => !builtIn.parsers.list.includes(parser)),
    enrichments.list.filter((enrichment) => !builtIn.enrichments.list.includes(enrichment)),
  );
}

function fieldsOf(
  parsers: readonly ParserDefinition[],
  enrichments: readonly EnrichmentDefinition[],
): Field[] {
  return [
    ...parsers.flatMap(({ fields }) => fields.filter(isNarrow)),
    ...enrichments.flatMap(({ name, fields }) =>
      fields.filter(isNarrow).map((key) => ({ ...key, name: `enrichments.${name}.*.${key.name}` })),
    ),
  ];
}

/** The types of the fields that are declared by name, as expressions know them. */
export function declaredTypes(components: Components): Map<string, string> {
  return new Map(
    [...knownFields(components)]
      .filter((field) => !isPattern(field))
      .map((field) => [field.name, typeOf(field) ?? "any"] as const),
  );
}

/** The type that expressions and completion know a field by; undefined when its values differ in kind. */
export function typeOf(field: Field | undefined): FieldType | undefined {
  if (field?.isList) return "list";
  return field?.meaning && meanings[field.meaning].type;
}

/** A parser's pattern for all that users may name says nothing of any field. */
function isNarrow({ name }: Field): boolean {
  return name !== "*";
}
