import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { type Catalogue, type Named, openAt, openEach } from "../core/component.ts";
import { fieldList } from "./define.ts";
import type { EnrichmentDefinition, EnrichmentStageContext, Task } from "./enrichment.ts";
import { enrichments } from "./index.ts";
import { markTasks, removeEmptyFields } from "./join.ts";
import { stellar, stellarConfig } from "./stellar/stellar.ts";
import { threatIntel } from "./threat-intel/threat-intel.ts";

/** What both stages of enrichment may reach. */
export type StageContext = Omit<EnrichmentStageContext, "prefix" | "errorType">;

/** The threat intelligence of a sensor document. */
export const threatIntelConfig = z
  .object({ stellar: stellarConfig.optional() })
  .catchall(fieldList.describe("Fields that are matched with the indicators of this type."));

/** Opens the enrichments of a sensor document, by name. Throws a `Fault` CONFIG_INVALID. */
export function openEnrichments(
  document: Named,
  context: StageContext,
  catalogue: Catalogue<EnrichmentDefinition> = enrichments,
): (batch: Batch) => void {
  const stageContext = { ...context, prefix: "enrichments", errorType: "enrichments_error" as const };
  return stage(openEach(catalogue, document, stageContext));
}

/**
 * Opens the threat intelligence of a sensor document: the fields matched with each type of indicator, and `stellar`
 * with expressions. Throws a `Fault` CONFIG_INVALID.
 */
export function openThreatIntel(document: Named, context: StageContext): (batch: Batch) => void {
  const { stellar: expressions = {}, ...byType } = document;
  const stageContext = { ...context, prefix: "threatintels", errorType: "threatintel_error" as const };
  return stage([
    openAt(stellar, expressions, stageContext, ["stellar"]),
    ...(Object.keys(byType).length === 0 ? [] : [openAt(threatIntel, byType, stageContext, [])]),
  ]);
}

/** Every part sees the messages as they came; then the results are put over them and empty fields removed. */
function stage(tasks: readonly Task[]): (batch: Batch) => void {
  const fields = new Set(tasks.flatMap((task) => task.fields ?? []));
  const concernsAll = tasks.some((task) => task.fields === undefined);
  if (fields.size === 0 && !concernsAll) return () => {};
  const inOrder = [
    ...tasks.filter((task) => task.evaluate === undefined),
    ...tasks.filter((task) => task.evaluate !== undefined),
  ];
  let hasTask = new Uint8Array(0);
  return (batch) => {
    if (hasTask.length < batch.rows) hasTask = new Uint8Array(batch.capacity);
    hasTask.fill(concernsAll ? 1 : 0, 0, batch.rows);
    if (!concernsAll) markTasks(batch, fields, hasTask);
    for (const task of tasks) task.evaluate?.(batch);
    for (const task of inOrder) task.apply(batch);
    removeEmptyFields(batch, hasTask);
  };
}
