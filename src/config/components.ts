import type { Catalogue } from "../core/component.ts";
import type { EnrichmentDefinition } from "../enrichments/enrichment.ts";
import { enrichments } from "../enrichments/index.ts";
import { parsers } from "../parsers/index.ts";
import type { ParserDefinition } from "../parsers/parser.ts";
import { sources } from "../sources/index.ts";
import type { SourceDefinition } from "../sources/source.ts";
import { filters } from "../transforms/filters.ts";
import { transforms } from "../transforms/index.ts";
import type { TransformDefinition } from "../transforms/transform.ts";
import { validations } from "../transforms/validations/index.ts";
import type { ValidationDefinition } from "../transforms/validations/validation.ts";

/** All that documents may name, by kind. A new kind is a line here and a `named` part of a document. */
export type Components = {
  readonly sources: Catalogue<SourceDefinition>;
  readonly parsers: Catalogue<ParserDefinition>;
  readonly transforms: Catalogue<TransformDefinition>;
  readonly filters: Catalogue<TransformDefinition>;
  readonly validations: Catalogue<ValidationDefinition>;
  readonly enrichments: Catalogue<EnrichmentDefinition>;
};

/** The components that come with Metron. */
export const builtIn: Components = { sources, parsers, transforms, filters, validations, enrichments };
