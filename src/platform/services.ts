import type { GlobalDocument } from "../config/global.ts";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { attachDatabases, type Databases, noDatabases } from "../enrichments/addresses/databases.ts";
import type { EnrichmentContext } from "../enrichments/enrichment.ts";
import { enrichmentServices } from "../enrichments/services.ts";
import { ModelTallies } from "../models/counts.ts";
import { OnlineModels } from "../models/online/learned.ts";
import { charsetOf } from "../parsers/charset.ts";
import type { StageServices } from "../pipeline/services.ts";
import { measuredProfiles } from "../profiles/measured.ts";
import { declareFields } from "../schema/declarations.ts";
import { type Environment, makeEnvironment } from "../stellar/run/environment.ts";
import type { Services } from "../stellar/run/services.ts";
import { fromMessage, StellarMap } from "../stellar/values/value.ts";
import { type AllowedFolders, allowPaths } from "../storage/allowed-folders.ts";
import { joinTable } from "../storage/storage.ts";
import type { TableReader } from "../storage/table/contract.ts";
import { triageScorer } from "../triage/scorer.ts";
import { fieldsOfExtensions } from "./field-notes.ts";
import { NO_FUNCTIONS, registryOf, type UserFunctions } from "./functions.ts";
import type { Packages } from "./missing-names.ts";
import type { Shares, WorkerStart } from "./protocol.ts";
import { holidayCalendars } from "./services/holidays.ts";
import { ruleServices, withoutWaiting } from "./services/rules.ts";

/** Tables every platform has: the original's names. */
export type PlatformTables = {
  readonly enrichment: TableReader;
  readonly threatIntel: TableReader;
  /** What profiles measured; undefined where expressions cannot ask for it. */
  readonly profiler?: TableReader;
};

/** What stages and expressions reach in one thread: tables, databases, and the environment of Stellar. */
export type PipelineServices = AsyncDisposable &
  StageServices & {
    readonly databases: Databases;
    readonly tables: PlatformTables;
    /** The extension packages that documents name things of. */
    readonly packages: Packages;
    /** The same for an expression that someone evaluates on the server: without what would make it wait. */
    evaluation(global: GlobalDocument): Environment;
    /** Takes functions of users into use: expressions compiled from now on may call them. */
    takeFunctions(functions: UserFunctions): void;
    /** The same services with other functions, to try documents with. */
    trial(functions: UserFunctions): PipelineServices;
    /** Takes over shared memory that was loaded or replaced. */
    attach(shares: Shares): void;
  };

/**
 * The services of a worker thread: readers of what the main thread owns.
 * @param online the models that learn there; what they learn ends with the thread when left out
 */
export async function openServices(
  start: Pick<WorkerStart, "tables" | "folders" | "shares">,
  context: Context,
  online = new OnlineModels(context.log),
): Promise<PipelineServices & { readonly tables: Required<PlatformTables> }> {
  const tables = {
    enrichment: await joinTable(start.tables.enrichment),
    threatIntel: await joinTable(start.tables.threatIntel),
    profiler: await joinTable(start.tables.profiler),
  };
  const close = async () => {
    await tables.profiler[Symbol.asyncDispose]();
    await tables.enrichment[Symbol.asyncDispose]();
    await tables.threatIntel[Symbol.asyncDispose]();
  };
  const databases = noDatabases();
  const services = makeServices({
    tables,
    context,
    more: {},
    databases,
    folders: start.folders,
    online,
    close,
  });
  services.attach(start.shares);
  // Added to what is there: a copy would keep the components of the start.
  return Object.assign(services, { tables });
}

/** The services of the thread that owns the tables; without `folders` expressions reach no files and no other services. */
export function mainServices(
  tables: PlatformTables,
  context: Context,
  { more = {}, folders }: { more?: Partial<Services>; folders?: AllowedFolders } = {},
): PipelineServices {
  return makeServices({
    ...{ tables, context, more, databases: noDatabases(), folders, close: async () => {} },
    online: new OnlineModels(context.log),
  });
}

type Parts = {
  readonly tables: PlatformTables;
  readonly context: Context;
  readonly databases: Databases;
  /** Services of expressions in this thread alone. */
  readonly more: Partial<Services>;
  readonly folders: AllowedFolders | undefined;
  readonly functions?: UserFunctions;
  readonly online: OnlineModels;
  readonly close: () => Promise<void>;
};

function makeServices(parts: Parts): PipelineServices {
  const { tables, context, databases, more, folders, close } = parts;
  const byName: Readonly<Record<string, TableReader>> = {
    enrichment: tables.enrichment,
    enrichments: tables.enrichment,
    threatintel: tables.threatIntel,
    threat_intel: tables.threatIntel,
  };
  const table = (name: string) => (Object.hasOwn(byName, name) ? byName[name] : undefined);
  const enrichmentContext: EnrichmentContext = { ...context, databases, table };
  let functions = parts.functions ?? NO_FUNCTIONS;
  let environment: { key: string; made: Environment } | undefined;
  let evaluation: { of: Environment; made: Environment } | undefined;
  const { profiler } = tables;
  const profiles = profiler && measuredProfiles(profiler, () => context.clock.now());
  const environmentOf = (global: GlobalDocument): Environment => {
    const key = JSON.stringify([global.global, global.timeZone, global.models, functions.key]);
    if (environment?.key !== key) {
      const globals = new StellarMap();
      for (const [name, value] of Object.entries(global.global)) globals.set(name, fromMessage(value));
      const services: Partial<Services> = {
        now: () => context.clock.now(),
        timeZone: global.timeZone,
        globals: () => globals,
        charsets: charsetOf,
        holidays: holidayCalendars,
        ...enrichmentServices(databases, table),
        triage: triageScorer(() => made),
        ...(profiles && { profiles }),
        ...(folders === undefined ? {} : ruleServices(folders, globals, global.models, context)),
        ...more,
      };
      const made: Environment = makeEnvironment({ registry: registryOf(functions, services), services });
      environment = { key, made };
    }
    return environment.made;
  };
  return {
    get components() {
      return functions.components;
    },
    get packages() {
      return functions.packages;
    },
    databases,
    tables,
    enrichmentContext,
    environment: environmentOf,
    online: parts.online,
    tallies: new ModelTallies(),
    modelFile(path) {
      if (folders !== undefined) return allowPaths(folders)(path, "models");
      throw new Fault("PATH_NOT_ALLOWED", `reading ${path}: models are read by a platform only`);
    },
    evaluation(global) {
      const of = environmentOf(global);
      if (evaluation?.of !== of) {
        const services = { ...withoutWaiting(of.services), triage: triageScorer(() => made) };
        const made: Environment = makeEnvironment({ registry: registryOf(functions, services), services });
        evaluation = { of, made };
      }
      return evaluation.made;
    },
    takeFunctions(next) {
      functions = next;
      declareFields(fieldsOfExtensions(functions.components));
    },
    trial: (next) => makeServices({ ...parts, functions: next }),
    attach(shares) {
      if (shares.databases !== undefined) attachDatabases(databases, shares.databases);
    },
    [Symbol.asyncDispose]: close,
  };
}
