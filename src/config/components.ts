import { z } from "zod";
import { type Catalogue, joined, mistakesOf } from "../core/component.ts";
import { Fault } from "../core/fault.ts";
import { inWords } from "../core/in-words.ts";
import { defineEnrichment, type StatedEnrichment } from "../enrichments/define.ts";
import type { EnrichmentDefinition } from "../enrichments/enrichment.ts";
import { enrichments } from "../enrichments/index.ts";
import { parsers } from "../parsers/index.ts";
import type { ParserDefinition } from "../parsers/parser.ts";
import { UNITS } from "../schema/field.ts";
import { MEANINGS } from "../schema/meaning.ts";
import { sinks } from "../sinks/index.ts";
import type { SinkDefinition } from "../sinks/sink.ts";
import { sources } from "../sources/index.ts";
import type { SourceDefinition } from "../sources/source.ts";
import type { StellarFunction } from "../stellar/language/function.ts";
import { filters } from "../transforms/filters.ts";
import { transforms } from "../transforms/index.ts";
import type { TransformDefinition } from "../transforms/transform.ts";
import { validations } from "../transforms/validations/index.ts";
import {
  defineValidation,
  type StatedValidation,
  type ValidationDefinition,
} from "../transforms/validations/validation.ts";

/** All that documents may name, by kind. A new kind is a line here and a `named` part of a document. */
export type Components = {
  readonly sources: Catalogue<SourceDefinition>;
  readonly parsers: Catalogue<ParserDefinition>;
  readonly transforms: Catalogue<TransformDefinition>;
  readonly filters: Catalogue<TransformDefinition>;
  readonly validations: Catalogue<ValidationDefinition>;
  readonly enrichments: Catalogue<EnrichmentDefinition>;
  readonly sinks: Catalogue<SinkDefinition>;
};

/** The components that come with Metron. */
export const builtIn: Components = { sources, parsers, transforms, filters, validations, enrichments, sinks };

/** What a package adds: components as they are stated, by kind, and functions of Stellar. */
export type Extension = {
  readonly sources?: readonly SourceDefinition[];
  readonly parsers?: readonly ParserDefinition[];
  readonly transforms?: readonly TransformDefinition[];
  readonly filters?: readonly TransformDefinition[];
  readonly validations?: readonly StatedValidation[];
  readonly enrichments?: readonly StatedEnrichment[];
  readonly sinks?: readonly SinkDefinition[];
  readonly functions?: readonly StatedFunction[];
};

/** A function of Stellar; what is left out has a default. */
type StatedFunction = Pick<StellarFunction, "name" | "call"> & Partial<StellarFunction>;

/** What every component must state; types are gone when a package is read. */
const stated = z.looseObject({
  name: z.string().regex(/^[A-Za-z][\w-]*$/),
  summary: z.string().min(1),
  config: z.custom<z.ZodType>(
    (value) => typeof (value as z.ZodType | undefined)?.safeParse === "function",
    "expected a zod schema",
  ),
  open: z.custom((value) => typeof value === "function", "expected a function"),
  fields: z
    .array(
      z.object({
        name: z.string(),
        meaning: z.enum(MEANINGS).optional(),
        isList: z.literal(true).optional(),
        unit: z.enum(UNITS).optional(),
        about: z.string(),
      }),
    )
    .optional(),
  examples: z
    .array(z.looseObject({ given: z.union([z.string(), z.record(z.string(), z.unknown())]) }))
    .optional(),
});
const list = z.array(stated).optional();
const extensionSchema = z.strictObject({
  ...{ sources: list, parsers: list, transforms: list, filters: list, validations: list, enrichments: list },
  sinks: list,
  functions: z.array(z.unknown()).optional(),
});

/** The components with those of a package. Throws Fault CONFIG_INVALID for what is no component, or has a name that is taken. */
export function withExtension(components: Components, extension: Extension): Components {
  const result = extensionSchema.safeParse(extension, { error: inWords });
  if (!result.success) {
    const mistakes = mistakesOf(result.error.issues).map(
      ({ path, message }) => `${path.map(String).join(".")}: ${message}`,
    );
    throw new Fault("CONFIG_INVALID", mistakes.join("; "));
  }
  const { sources, parsers, transforms, filters, validations, enrichments, sinks } = extension;
  return {
    sources: joined(components.sources, sources),
    parsers: joined(
      components.parsers,
      parsers?.map((parser) => ({ ...parser, fields: parser.fields ?? [] })),
    ),
    transforms: joined(components.transforms, transforms),
    filters: joined(components.filters, filters),
    validations: joined(components.validations, validations?.map(defineValidation)),
    enrichments: joined(
      components.enrichments,
      enrichments?.map((stated) => defineEnrichment({ ...stated, fields: stated.fields ?? [] })),
    ),
    sinks: joined(components.sinks, sinks),
  };
}
