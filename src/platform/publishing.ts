import { readGlobal } from "../config/global.ts";
import { kindOf } from "../config/kinds.ts";
import { plainCredentials } from "../config/secrets.ts";
import type { Change, ConfigStore, Version } from "../config/store.ts";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import type { AllowedFolders, AllowPath } from "../storage/allowed-folders.ts";
import { asksForAddresses, snapshotAsksForAddresses } from "./address-databases.ts";
import { checkChanges, type Warning } from "./check.ts";
import { SensorDocuments } from "./documents.ts";
import { functionSources, globalAfter, openSources } from "./function-sources.ts";
import { checkFunctions, type FunctionSource, openFunctions, type UserFunctions } from "./functions.ts";
import type { Snapshot } from "./protocol.ts";
import { asRefusal, mistakesIn } from "./refusals.ts";
import type { PipelineServices } from "./services.ts";
import { snapshotOf } from "./snapshot.ts";
import { Trial, type TrialLimits } from "./trial.ts";

export type PublishingParts = {
  readonly config: ConfigStore;
  readonly context: Context;
  readonly services: PipelineServices;
  readonly allow: AllowPath;
  readonly folders: AllowedFolders;
  /** Whether documents may make the server listen where others than this machine reach it. */
  readonly mayServeOthers: boolean;
  /** Bounds of the process in which modules and packages are tried. */
  readonly trials?: TrialLimits | undefined;
  /** Loads the databases of addresses that a global document names. */
  readonly loadDatabases: (settings: ReturnType<typeof readGlobal>["databases"]) => Promise<void>;
  /** Takes documents into use in everything that runs by them. */
  readonly takeOver: (published: Snapshot, documents: SensorDocuments) => Promise<void>;
};

type Checked = {
  /** The sensor documents that were read. */
  readonly read: SensorDocuments;
  /** The functions to take into use; undefined if they do not change. */
  readonly functions:
    | { readonly sources: readonly FunctionSource[]; readonly opened: UserFunctions }
    | undefined;
  readonly warnings: readonly Warning[];
};

/** The documents and functions in force, and how others take their place: checked as a whole, all or none. */
export class Publishing {
  readonly #parts: PublishingParts;
  readonly #trial: Trial;
  #functions: readonly FunctionSource[] = [];
  #documents = new SensorDocuments();
  #faults: readonly Fault[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  /** Takes the functions of the stored configuration into use. Those that cannot be opened are missing, and `faults` says so. */
  static async open(parts: PublishingParts): Promise<Publishing> {
    const publishing = new Publishing(parts);
    await publishing.#begin();
    return publishing;
  }

  private constructor(parts: PublishingParts) {
    this.#parts = parts;
    this.#trial = new Trial(parts.folders, parts.trials);
  }

  /** Where the functions in force come from. */
  get functions(): readonly FunctionSource[] {
    return this.#functions;
  }

  /** The sensor documents in force. */
  get documents(): SensorDocuments {
    return this.#documents;
  }

  /** What is missing of the configuration in force. */
  get faults(): readonly Fault[] {
    return this.#faults;
  }

  get global(): ReturnType<typeof readGlobal> {
    return readGlobal(this.globalText, "global");
  }

  get globalText(): string {
    return this.#parts.config.get("global", "global")?.text ?? "";
  }

  snapshot(): Snapshot {
    return snapshotOf(this.#parts.config, this.#functions);
  }

  /** Where functions come from once changes are published. @throws Fault CONFIG_INVALID */
  sources(changes: readonly Change[]): FunctionSource[] {
    return functionSources(this.#parts.config, changes, this.#parts.allow);
  }

  /** Does something between two publishes. */
  between<Done>(work: () => Promise<Done>): Promise<Done> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Answers what is doubtful about documents, and takes nothing into use. Throws Fault CONFIG_INVALID if they could not be published. */
  async check(changes: readonly Change[]) {
    const { warnings } = await this.#check(changes, false);
    return [...warnings, ...plainCredentials(changes)];
  }

  /** Checks and publishes documents: all or none. Resolves when they are in force. Throws Fault CONFIG_INVALID. */
  publish(
    changes: readonly Change[],
    by: { author: string; at: number; note?: string },
  ): Promise<readonly Version[]> {
    // Publishes follow one another: each is checked against what the one before left.
    return this.between(async () => {
      const { config, services, context, takeOver } = this.#parts;
      const { read, functions, warnings } = await this.#check(changes, true);
      const versions = await config.publish(changes, by);
      if (functions !== undefined) {
        this.#functions = functions.sources;
        services.takeFunctions(functions.opened);
        this.#faults = [];
      }
      const published = this.snapshot();
      await takeOver(published, read);
      read.keep(new Set(published.sensors.map(({ name }) => name)));
      this.#documents = read;
      context.log.info("Configuration was published.", {
        documents: versions.map(({ kind, name, version }) => `${kind}/${name}@${version}`),
        author: by.author,
      });
      for (const warning of warnings) context.log.info("An expression may not mean what it says.", warning);
      for (const found of plainCredentials(changes))
        context.log.warn("A document holds a credential in plain text.", found);
      return versions;
    });
  }

  async #begin(): Promise<void> {
    const { services, context, config } = this.#parts;
    try {
      const sources = this.sources([]);
      await this.#trial.run(sources, [], config);
      services.takeFunctions(await openFunctions(sources));
      this.#functions = sources;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // Sensors that do not need them run; the others say what they miss, and their telemetry waits.
      this.#faults = [error];
      context.log.error("Functions of users are missing.", { error: error.message });
    }
  }

  /** Checks changes as a whole, with the functions and databases they name. `runs`: whether modules that are not in force may be run. */
  async #check(changes: readonly Change[], runs: boolean): Promise<Checked> {
    const { config, services, context, allow, mayServeOthers, loadDatabases } = this.#parts;
    const isGeneral = changes.some(({ kind }) => kindOf(kind).concernsSensors);
    // What a global document with mistakes names is not opened: the check below tells them, and those of the others.
    const isReadable = mistakesIn(() => globalAfter(config, changes)).length === 0;
    const opens = isGeneral && isReadable;
    const inForce = this.#functions;
    let isEnded = false;
    const tried = async (sources: readonly FunctionSource[]) => {
      await this.#trial.run(sources, changes, config).catch((error: unknown) => {
        isEnded = true;
        throw error;
      });
    };
    if (!opens || !runs) await tried(inForce);
    const open = async (sources: readonly FunctionSource[]) => {
      if (!runs) return checkFunctions(sources, inForce);
      await tried(sources);
      return openFunctions(sources);
    };
    const found = opens ? await openSources(config, changes, allow, open).catch(asRefusal) : undefined;
    // What had to be ended must not be met again below, in the thread that serves everybody.
    if (found instanceof Fault && isEnded) throw found;
    const unopened = found instanceof Fault ? found : undefined;
    const functions = found instanceof Fault ? undefined : found;
    const trial = functions === undefined ? services : services.trial(functions.opened);
    const read = this.#documents.draft();
    const rules = { documents: read, inForce: services, allow, mayServeOthers, unopened };
    const notRun = functions?.opened.notRun;
    const warnings = checkChanges(changes, config, trial, context, { ...rules, notRun });
    if (!runs) return { read, functions: undefined, warnings };
    const asks = changes.some(({ text }) => asksForAddresses(text ?? ""));
    if (asks || (isGeneral && snapshotAsksForAddresses(this.snapshot())))
      await loadDatabases(globalAfter(config, changes).databases);
    return { read, functions, warnings };
  }
}
