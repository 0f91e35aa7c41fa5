import { makeContext } from "../../core/context.ts";
import { makeEnvironment } from "../../stellar/run/environment.ts";
import { noDatabases } from "../addresses/databases.ts";
import type { EnrichmentStageContext } from "../enrichment.ts";

/** What enrichments reach in tests: no databases and no tables, unless they are handed in. */
export function enrichmentContext(part: Partial<EnrichmentStageContext> = {}): EnrichmentStageContext {
  return {
    ...makeContext(),
    databases: noDatabases(),
    table: () => undefined,
    environment: makeEnvironment(),
    variables: [],
    knownHosts: [],
    prefix: "enrichments",
    errorType: "enrichments_error",
    ...part,
  };
}
