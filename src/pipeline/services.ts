import type { Components } from "../config/components.ts";
import type { GlobalDocument } from "../config/global.ts";
import type { EnrichmentContext } from "../enrichments/enrichment.ts";
import type { ModelTallies } from "../models/counts.ts";
import type { OnlineModels } from "../models/online/learned.ts";
import type { Environment } from "../stellar/run/environment.ts";

/** What the stages of the loop reach in their thread. */
export type StageServices = {
  /** What documents may name. */
  readonly components: Components;
  /** The context of enrichments: tables and databases. */
  readonly enrichmentContext: EnrichmentContext;
  /** Functions and services of expressions under a global document; the same object as long as it is the same. */
  environment(global: GlobalDocument): Environment;
  /** Where a model is that a document names. Throws Fault PATH_NOT_ALLOWED. */
  modelFile(path: string): string;
  /** The models that learn here. */
  readonly online: OnlineModels;
  /** Where models are counted. */
  readonly tallies: ModelTallies;
};
