import { isDeepStrictEqual } from "node:util";
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
  /** Told when other documents are in force, or cannot be. */
  readonly onInForce: () => void;
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
  /** The revision that is in force here, and why a later one is not. */
  #revision: number;
  #failure: Fault | undefined;
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
    this.#revision = parts.config.revision();
  }

  /** How many publishes are in force here. */
  get revision(): number {
    return this.#revision;
  }

  /** Where the functions in force come from. */
  get functions(): readonly FunctionSource[] {
    return this.#functions;
  }

  /** The sensor documents in force. */
  get documents(): SensorDocuments {
    return this.#documents;
  }

  /** What is missing of the configuration in force, and why a later one is not. */
  get faults(): readonly Fault[] {
    return this.#failure === undefined ? this.#faults : [...this.#faults, this.#failure];
  }

  /** What is missing of the configuration in force. */
  get missing(): readonly Fault[] {
    return this.#faults;
  }

  /** What of the configuration is in force here, and why a later publish is not. */
  inForce(): { readonly revision: number; readonly failure: string | null } {
    return { revision: this.#revision, failure: this.#failure?.message ?? null };
  }

  /** Why what was published last is not in force here; undefined when it is. */
  get failure(): Fault | undefined {
    return this.#failure;
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

  /** Takes over what other processes publish, from now on. To be called once everything runs that documents are handed to. */
  followOthers(): void {
    this.#parts.config.watch(() => this.catchUp());
    this.catchUp();
  }

  /** Takes over what other processes have published, after what is going on here. */
  catchUp(): void {
    void this.between(() => this.#follow());
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
      const { config, services, context, takeOver, onInForce } = this.#parts;
      const { read, functions, warnings } = await this.#check(changes, true);
      const before = config.revision();
      const versions = await config.publish(changes, by);
      // Another process came between the check and the publish: what it changed is taken over with this.
      if (config.revision() !== before + 1 || this.#revision !== before) {
        await this.#follow();
        return versions;
      }
      if (functions !== undefined) {
        this.#functions = functions.sources;
        services.takeFunctions(functions.opened);
        this.#faults = [];
      }
      const published = this.snapshot();
      await takeOver(published, read);
      read.keep(new Set(published.sensors.map(({ name }) => name)));
      this.#documents = read;
      this.#revision = published.revision;
      this.#failure = undefined;
      onInForce();
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

  /** Takes over what other processes have published. What this machine cannot take over stays as it was, and is told. */
  async #follow(): Promise<void> {
    const { config, services, context, takeOver, loadDatabases, onInForce } = this.#parts;
    const revision = config.revision();
    if (revision <= this.#revision) return;
    try {
      const sources = this.sources([]);
      if (!isDeepStrictEqual(sources, this.#functions)) {
        await this.#trial.run(sources, [], config);
        services.takeFunctions(await openFunctions(sources));
        this.#functions = sources;
        this.#faults = [];
      }
      const published = this.snapshot();
      if (snapshotAsksForAddresses(published)) await loadDatabases(this.global.databases);
      const read = this.#documents.draft();
      await takeOver(published, read);
      read.keep(new Set(published.sensors.map(({ name }) => name)));
      this.#documents = read;
      this.#revision = published.revision;
      this.#failure = undefined;
      context.log.info("Configuration of another process was taken over.", { revision });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#failure = new Fault(
        "CONFIG_NOT_IN_FORCE",
        `publish ${revision} of the configuration is not in force here: ${reason}`,
        { cause: error },
      );
      context.log.error("Configuration of another process was not taken over.", { revision, reason });
    }
    onInForce();
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
