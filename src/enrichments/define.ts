import { z } from "zod";
import { type Example, optionsWithin } from "../core/component.ts";
import type { Field } from "../schema/field.ts";
import type { Enrich, EnrichmentDefinition, EnrichmentStageContext, Lookup, Task } from "./enrichment.ts";
import { LookupEnricher } from "./lookup.ts";

/** The fields an enrichment looks at. */
export const fieldList = z.array(z.string().min(1), {
  error: "expected a list of fields, such as [ip_src_addr]",
});

/** An enrichment by its own options and the look-up it opens. */
export type StatedEnrichment<Name extends string = string, Config extends z.ZodType = z.ZodType> = {
  readonly name: Name;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly config: Config;
  /** The keys it adds behind `<prefix>.<field>.`; patterns where they depend on the data. */
  readonly fields: readonly Field[];
  readonly examples?: readonly Example[];
  /** Checks everything that can be wrong with the configuration here: throws a `Fault` CONFIG_INVALID, never later. */
  open(config: z.output<Config>, context: EnrichmentStageContext): Lookup | Enrich;
};

/**
 * States an enrichment. A document writes the list of the fields that it looks at, or `{ fields, config }` with
 * options.
 */
export function defineEnrichment<const Name extends string, Config extends z.ZodType>(
  enrichment: StatedEnrichment<Name, Config>,
): EnrichmentDefinition<Name> {
  const { config, ...stated } = enrichment;
  const written = z.strictObject({
    fields: fieldList.describe("Fields whose values are looked up."),
    config: optionsWithin(config).describe("Options of the enrichment."),
  });
  return {
    ...stated,
    config: written,
    short: {
      isMeant: (options) => typeof options !== "object" || Array.isArray(options),
      config: fieldList.transform((fields) => ({ fields })).describe("Fields whose values are looked up."),
    },
    open: (options: z.output<typeof written>, context) =>
      lookupTask(
        stated.name,
        enrichment.open(options.config as z.output<Config>, context),
        options.fields,
        context,
      ),
  };
}

/** The task of looking up what is in fields, and adding it as `<prefix>.<name>.<field>.<key>`. */
export function lookupTask(
  name: string,
  opened: Lookup | Enrich,
  fields: readonly string[],
  { prefix }: EnrichmentStageContext,
): Task {
  const enrich = "enrich" in opened ? opened : new LookupEnricher(opened);
  return { fields, apply: (batch) => enrich.enrich(batch, fields, `${prefix}.${name}`) };
}
