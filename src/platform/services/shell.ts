import { existsSync } from "node:fs";
import { join } from "node:path";
import { type GlobalDocument, readGlobal } from "../../config/global.ts";
import { type ConfigStore, openConfigStore, SHARED_FILE } from "../../config/store.ts";
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { StellarError } from "../../stellar/language/error.ts";
import type { Registry } from "../../stellar/language/function.ts";
import { compile } from "../../stellar/run/compile.ts";
import { type Environment, makeEnvironment } from "../../stellar/run/environment.ts";
import type { Services } from "../../stellar/run/services.ts";
import type { StellarMap } from "../../stellar/values/value.ts";
import { type AllowPath, allowPaths } from "../../storage/allowed-folders.ts";
import { readTable } from "../../storage/storage.ts";
import { AddressDatabases, asksForAddresses } from "../address-databases.ts";
import {
  type FunctionSource,
  findFunctions,
  findOwnFunctions,
  openFunctions,
  registryOf,
} from "../functions.ts";
import { mainServices } from "../services.ts";
import { configurationAccess, type Documents } from "./configuration.ts";
import { localFiles, platformFiles } from "./files.ts";
import { grokAccess } from "./grok.ts";
import { httpAccess } from "./http.ts";
import { objectLookup } from "./objects.ts";
import { parserAccess } from "./parsers.ts";
import { remotePlatform } from "./remote.ts";
import { secretReader } from "./secrets.ts";
import { systemAccess } from "./system.ts";

export type ShellOptions = {
  /** The data folder, which need not exist. */
  readonly data: string;
  /** The server of the platform that runs; without it the shell looks into the data folder itself. */
  readonly url: string | undefined;
  /** Files or packages with functions, besides those of the platform. */
  readonly functions: readonly string[];
  /** Folders below which secrets may be that settings name. */
  readonly secretsFrom?: readonly string[] | undefined;
  readonly context: Context;
  /** The session's globals, as they are when an expression asks. */
  readonly globals: () => StellarMap;
};

export type ShellPlatform = AsyncDisposable & {
  readonly global: GlobalDocument;
  readonly registry: Registry;
  readonly services: Partial<Services>;
  /** Loads what a statement may ask for and is not there yet. */
  readonly prepare: (statement: string) => Promise<void>;
};

/**
 * Everything an expression reaches in the shell: that of rules, and what only the user at the keyboard may do. Over a
 * running platform, or over the data folder of one that does not run, which is then only read.
 * @throws Fault CONFIG_INVALID for functions with a mistake
 */
export async function openShellPlatform(options: ShellOptions): Promise<ShellPlatform> {
  const { data, url, context, globals } = options;
  const stack = new AsyncDisposableStack();
  const remote = url === undefined ? undefined : remotePlatform(url);
  const store = remote === undefined ? storeOf(data) : undefined;
  if (store !== undefined) stack.use(store);
  const documents = remote?.documents ?? documentsOf(store);
  const global = readGlobal(documents.read("global", "global") ?? "", "global");
  const files = join(data, "files");
  // A document may come from others: what it names is read here as the platform would.
  const allow = allowPaths({ data, secretsFrom: options.secretsFrom });

  const folder = remote === undefined ? data : undefined;
  const tables = {
    enrichment: stack.use(await readTable(folder, "enrichment", global.storage.tables)),
    threatIntel: stack.use(await readTable(folder, "threatintel", global.storage.tables)),
  };
  const pipeline = mainServices(tables, context, { more: { ...remote?.services } });
  const databases = new AddressDatabases((handles) => pipeline.attach({ databases: handles }), allow);
  const services: Partial<Services> = {
    ...pipeline.environment(global).services,
    configuration: configurationAccess(documents),
    evaluate: (expression, variables) => compile(expression, inside()).evaluate(variables),
    grok: grokAccess(),
    http: httpAccess(() => true),
    localFiles: localFiles(),
    objects: objectLookup(files, globals, () => context.clock.now()),
    parsers: parserAccess(
      () => pipeline,
      () => readGlobal(documents.read("global", "global") ?? "", "global"),
      context,
    ),
    platformFiles: platformFiles(files, true),
    secret: secretReader(allow),
    system: systemAccess(),
    warn: (sentence, fields) => context.log.warn(sentence, fields),
    globals,
  };
  const stored =
    remote?.functions() ??
    (store?.list("functions") ?? []).map(({ name, text }) => ({
      name: `functions/${name}`,
      text: text ?? "",
    }));
  const sources = [
    ...stored,
    ...platformFunctions(global, allow, context),
    ...findOwnFunctions(options.functions),
  ];
  const functions = await openFunctions(sources);
  pipeline.takeFunctions(functions);
  let isAsked = sources.some((source) => "text" in source && asksForAddresses(source.text));
  const registry = registryOf(functions, services);
  let environment: Environment | undefined;
  /** Where expressions of profiles are evaluated. */
  function inside(): Environment {
    environment ??= makeEnvironment({ registry, services });
    return environment;
  }
  const open = stack.move();
  return {
    global,
    registry,
    services,
    async prepare(statement) {
      isAsked ||= asksForAddresses(statement);
      if (isAsked && remote === undefined) await databases.load(global.databases);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function storeOf(data: string): ConfigStore | undefined {
  const folder = join(data, "config");
  // Of a configuration that several processes share, the folder has a copy under this name as long as it is in force.
  if (existsSync(join(folder, SHARED_FILE))) return openConfigStore(folder, SHARED_FILE);
  return existsSync(join(folder, "config.mdb")) ? openConfigStore(folder) : undefined;
}

/** The documents of a folder that no platform runs on. What is published must be checked and applied by one. */
function documentsOf(store: ConfigStore | undefined): Documents {
  return {
    read: (kind, name) => store?.get(kind, name)?.text ?? undefined,
    write: () => {
      throw new StellarError("no platform runs on the data folder; start it to publish");
    },
  };
}

/** Those the global document names. They may be on another machine than the shell. */
function platformFunctions(global: GlobalDocument, allow: AllowPath, { log }: Context): FunctionSource[] {
  return global.functions.flatMap((name) => {
    try {
      return findFunctions([name], allow);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.warn("Functions of the platform are not here.", { name, reason: error.message });
      return [];
    }
  });
}
