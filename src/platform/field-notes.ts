import { enrichments } from "../enrichments/index.ts";
import { parsers } from "../parsers/index.ts";
import type { Field } from "../schema/field.ts";
import { type MeaningDefinition, meanings } from "../schema/meanings.ts";
import { isPattern, Schema, schema } from "../schema/schema.ts";

/** How expressions and completion know a field. */
export type FieldType = MeaningDefinition["type"] | "list";

let known: Schema | undefined;

/** The schema, with what parsers and enrichments declare beyond it. */
export function knownFields(): Schema {
  known ??= new Schema([
    ...schema,
    ...parsers.flatMap(({ fields }) => fields.filter(isNarrow)),
    ...enrichments.flatMap(({ name, fields }) =>
      fields.filter(isNarrow).map((key) => ({ ...key, name: `enrichments.${name}.*.${key.name}` })),
    ),
  ]);
  return known;
}

/** The types of the fields that are declared by name, as expressions know them. */
export function declaredTypes(): Map<string, string> {
  return new Map(
    [...knownFields()]
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
