import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { openEvery, throwEvery } from "../core/every.ts";
import { Fault } from "../core/fault.ts";
import type { ErrorType } from "../core/rejection.ts";
import { asn } from "./addresses/asn/asn.ts";
import { geo } from "./addresses/geo/geo.ts";
import type { Enrich, EnrichmentContext } from "./enrichment.ts";
import { host } from "./host/host.ts";
import { markTasks, removeEmptyFields } from "./join.ts";
import { openEnrichment } from "./lookup.ts";
import { type StellarContext, StellarEnrichment, stellarConfig } from "./stellar/stellar.ts";
import { table } from "./table/table.ts";
import { threatIntel } from "./threat-intel/threat-intel.ts";

/** What a stage of enrichment may reach. */
export type EnrichmentStageContext = EnrichmentContext &
  StellarContext & {
    /** The known hosts of the platform. */
    readonly knownHosts: readonly Readonly<Record<string, unknown>>[];
  };

/** An enrichment with the fields it looks at. */
type Task = { readonly enrich: Enrich; readonly fields: readonly string[]; readonly prefix: string };

const fieldList = z.array(z.string().min(1));
const fieldsByType = z.record(z.string(), fieldList);

/**
 * Opens the enrichments of a sensor document: `geo`, `asn` and `host` with the fields they look at, `table` with the
 * fields by type, `stellar` with expressions. Throws a `Fault` CONFIG_INVALID.
 */
export function openEnrichments(
  document: Readonly<Record<string, unknown>>,
  context: EnrichmentStageContext,
): (batch: Batch) => void {
  const tasks: Task[] = [];
  let stellar: StellarEnrichment | undefined;
  const add = (name: string, enrich: Enrich, fields: readonly string[]): void => {
    tasks.push({ enrich, fields, prefix: `enrichments.${name}` });
  };
  openEvery(Object.entries(document), ([name, options]) => {
    const read = <Schema extends z.ZodType>(schema: Schema): z.output<Schema> => check(schema, options, name);
    switch (name) {
      case "asn":
        add(name, openEnrichment(asn, {}, context), read(fieldList));
        break;
      case "geo":
        add(name, openEnrichment(geo, {}, context), read(fieldList));
        break;
      case "host":
        add(name, openEnrichment(host, { knownHosts: [...context.knownHosts] }, context), read(fieldList));
        break;
      case "table":
      case "hbaseEnrichment": {
        const types = byField(read(fieldsByType));
        add(table.name, openEnrichment(table, { table: "enrichment", types }, context), Object.keys(types));
        break;
      }
      case "stellar":
        stellar = new StellarEnrichment(read(stellarConfig), "enrichments_error", context);
        break;
      default:
        throw new Fault(
          "CONFIG_INVALID",
          `there is no enrichment \`${name}\`; known are asn, geo, host, stellar, table`,
          { details: { path: [name] } },
        );
    }
  });
  return stage(tasks, stellar);
}

/**
 * Opens the threat intelligence of a sensor document: the fields matched with each type of indicator, and `stellar`
 * with expressions. Throws a `Fault` CONFIG_INVALID.
 */
export function openThreatIntel(
  document: Readonly<Record<string, unknown>>,
  context: EnrichmentStageContext,
): (batch: Batch) => void {
  const { stellar: expressions, ...byType } = document;
  const type: ErrorType = "threatintel_error";
  const stellar =
    expressions === undefined
      ? undefined
      : new StellarEnrichment(check(stellarConfig, expressions, "stellar"), type, context);
  const types = byField(check(fieldsByType, byType, "threatIntel"));
  const fields = Object.keys(types);
  if (fields.length === 0) return stage([], stellar);
  const enrich = openEnrichment(threatIntel, { table: "threatintel", types }, context);
  return stage([{ enrich, fields, prefix: `threatintels.${threatIntel.name}` }], stellar);
}

/** Every part sees the messages as they came; then the results are put over them and empty fields removed. */
function stage(tasks: readonly Task[], stellar: StellarEnrichment | undefined): (batch: Batch) => void {
  const fields = new Set(tasks.flatMap((task) => task.fields));
  const hasStellar = stellar !== undefined && !stellar.isEmpty;
  if (fields.size === 0 && !hasStellar) return () => {};
  let hasTask = new Uint8Array(0);
  return (batch) => {
    if (hasTask.length < batch.rows) hasTask = new Uint8Array(batch.capacity);
    hasTask.fill(hasStellar ? 1 : 0, 0, batch.rows);
    if (!hasStellar) markTasks(batch, fields, hasTask);
    stellar?.evaluate(batch);
    for (const task of tasks) task.enrich.enrich(batch, task.fields, task.prefix);
    stellar?.apply(batch);
    removeEmptyFields(batch, hasTask);
  };
}

/** `type -> fields` as `field -> types`. */
function byField(byType: z.output<typeof fieldsByType>): Record<string, string[]> {
  const types = Object.create(null) as Record<string, string[]>;
  for (const [type, fields] of Object.entries(byType)) {
    for (const field of fields) {
      const known = Object.hasOwn(types, field) ? types[field] : undefined;
      if (known === undefined) types[field] = [type];
      else known.push(type);
    }
  }
  return types;
}

function check<Schema extends z.ZodType>(schema: Schema, options: unknown, name: string): z.output<Schema> {
  const checked = schema.safeParse(options);
  if (checked.success) return checked.data;
  return throwEvery(
    checked.error.issues.map(
      ({ path, message }) =>
        new Fault("CONFIG_INVALID", `${name}: ${message}`, { details: { path: [name, ...path] } }),
    ),
  );
}
