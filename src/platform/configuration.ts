import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type GlobalDocument, readGlobal } from "../config/global.ts";
import { keepCopy, openSharedConfigStore } from "../config/shared-store.ts";
import { type ConfigStore, openConfigStore } from "../config/store.ts";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import type { AllowPath } from "../storage/allowed-folders.ts";
import { type KafkaAccess, openSharedLog } from "../storage/storage.ts";
import { MAIN_FILE, seed } from "./seed.ts";
import { kafkaAccess } from "./storage-settings.ts";

/** The documents of a platform, and where they and everything else are kept. */
export type Configuration = {
  readonly config: ConfigStore;
  /** The global document as it is at the start. */
  readonly global: GlobalDocument;
  /** How this machine reaches what is kept elsewhere. */
  readonly storage: GlobalDocument["storage"];
  /** The Kafka through which all processes of the installation are reached; undefined where there is this one alone. */
  readonly access: KafkaAccess | undefined;
  /** Why the documents do not follow what others publish; undefined while they do, or where nobody else does. */
  readonly fault: () => Fault | undefined;
};

/**
 * Opens the documents of a data folder, or with `tables: kafka` those that all processes of the installation share. Where they are kept
 * cannot be said by themselves, so it is read from this machine: of `metron.yaml` in the folder of defaults when that names Kafka for its
 * tables, else of the documents in the data folder. A shared configuration that is new begins with what this machine has.
 * @throws Fault STORAGE_CORRUPT, FOLDER_UNWRITABLE, CONFIG_INVALID, KAFKA_UNREACHABLE, KAFKA_REFUSED
 */
export async function openConfiguration(
  { data, defaults, allow }: { readonly data: string; readonly defaults: string; readonly allow: AllowPath },
  context: Context,
): Promise<Configuration & AsyncDisposable> {
  const folder = join(data, "config");
  const own = openConfigStore(folder);
  try {
    await seed(own, defaults, context.clock.now());
    const ownText = own.get("global", "global")?.text ?? "";
    const { global, storage } = globalOfMachine(ownText, defaults);
    const access = storage.tables === "kafka" ? kafkaAccess(storage, allow) : undefined;
    keepCopy(folder, access !== undefined);
    if (access === undefined)
      return {
        ...{ config: own, global, storage, access, fault: () => undefined },
        [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
      };
    const shared = await openSharedConfigStore(
      folder,
      (keeper) => openSharedLog("configuration", access, keeper, context),
      context.log,
    );
    try {
      if (shared.revision() === 0) await begin(shared, own, context.clock.now());
    } catch (error) {
      await shared[Symbol.asyncDispose]();
      throw error;
    }
    await own[Symbol.asyncDispose]();
    const text = shared.get("global", "global")?.text ?? "";
    return {
      ...{ config: shared, global: text === ownText ? global : readGlobal(text, "global") },
      ...{ storage, access, fault: () => shared.fault },
      [Symbol.asyncDispose]: () => shared[Symbol.asyncDispose](),
    };
  } catch (error) {
    await own[Symbol.asyncDispose]();
    throw error;
  }
}

/** The global document of the data folder, and what this machine says of storage. */
function globalOfMachine(text: string, defaults: string): Pick<Configuration, "global" | "storage"> {
  const global = readGlobal(text, "global");
  const file = join(defaults, MAIN_FILE);
  const given = existsSync(file) ? readFileSync(file, "utf8") : text;
  const { storage } = given === text ? global : readGlobal(given, file);
  return { global, storage: storage.tables === "kafka" ? storage : global.storage };
}

/** Publishes the documents of one store as the first ones of another. */
async function begin(shared: ConfigStore, own: ConfigStore, at: number): Promise<void> {
  const changes = own.list().map(({ kind, name, text }) => ({ kind, name, text, base: 0 }));
  try {
    await shared.publish(changes, { author: "metron", at, note: "Brought from the first machine." });
  } catch (error) {
    // Another process was faster: its documents are those of all.
    if (!(error instanceof Fault) || error.code !== "CONFIG_CONFLICT") throw error;
  }
}
