import { z } from "zod";
import { type Catalogue, type Definition, namesOf } from "../core/component.ts";
import type { Components } from "./components.ts";
import { namedPart, PART } from "./named.ts";

type Json = z.core.JSONSchema.BaseSchema;

/**
 * The JSON Schema of what a user writes for a schema: options with a default may be left out, and parts that name
 * components hold the options of each. Editors complete from it, and forms can be drawn from it.
 */
export function jsonSchemaOf(schema: z.ZodType, components: Components): Json {
  return z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      // It is left out of what is read in another form than it is kept in; none of our defaults is.
      const { def } = (zodSchema as z.core.$ZodTypes)._zod;
      if (def.type === "default") jsonSchema.default ??= def.defaultValue;
      const part = namedPart(zodSchema);
      if (part === undefined) return;
      // It tells us which catalogue is meant, and editors nothing.
      delete jsonSchema[PART];
      const catalogue: Catalogue = components[part.kind];
      delete jsonSchema.propertyNames;
      jsonSchema.properties = Object.fromEntries(
        catalogue.list.flatMap((definition) =>
          namesOf(definition).map((name) => [name, writtenOptions(definition, components)]),
        ),
      );
      // Where a name may be spelled in several ways, others than the listed one are fine.
      jsonSchema.additionalProperties = catalogue.spelling === undefined ? false : {};
      if (part.one) Object.assign(jsonSchema, { minProperties: 1, maxProperties: 1 });
    },
  });
}

/** What is behind the name of a component. */
function writtenOptions({ summary, config, short }: Definition, components: Components): Json {
  const forms = [config, ...(short === undefined ? [] : [short.config])].map((form) => {
    const { $schema: _, ...schema } = jsonSchemaOf(form, components);
    return schema;
  });
  if (config.safeParse({}).success) forms.push({ type: "null" });
  return { ...(forms.length === 1 ? forms[0] : { anyOf: forms }), description: summary };
}
