import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "lmdb";
import { Fault } from "../core/fault.ts";
import { openLmdb, PendingWrites } from "../storage/lmdb-file.ts";
import type { LogPosition } from "../storage/log/contract.ts";
import type { Kind } from "./kinds.ts";

const OWN_FILE = "config.mdb";
/** The copy of the shared configuration within the folder of the documents. */
export const SHARED_FILE = "shared.mdb";
const POSITION = "position";

/** One published version of one document. `text` is null when the version removed the document. */
export type Version = {
  readonly kind: Kind;
  readonly name: string;
  readonly version: number;
  readonly text: string | null;
  readonly author: string;
  readonly at: number;
  readonly note: string;
};

/** A change to publish. `base` is the version it was made from; given, a newer one in the store refuses it. */
export type Change = {
  readonly kind: Kind;
  readonly name: string;
  readonly text: string | null;
  readonly base?: number;
};

/** Who publishes, when (epoch milliseconds) and why. */
export type By = { readonly author: string; readonly at: number; readonly note?: string | undefined };

/**
 * Configuration with its history. A publish of any number of documents is one transaction: all of it is in force
 * or none; every version stays, so a rollback is a publish of an old text.
 */
export type ConfigStore = AsyncDisposable & {
  /** Counts publishes; a reader that knows it knows whether anything changed. */
  revision(): number;
  list(kind?: Kind): Version[];
  get(kind: Kind, name: string, version?: number): Version | undefined;
  history(kind: Kind, name: string): Version[];
  /** Publishes all changes or none; resolves when they are on disk. Throws Fault CONFIG_CONFLICT, DISK_FULL. */
  publish(changes: readonly Change[], by: By): Promise<readonly Version[]>;
  /** Calls back after every publish; of a shared store also after those of other processes. */
  watch(listener: (versions: readonly Version[]) => void): () => void;
};

/**
 * Opens (or creates) the store in a folder.
 * @throws Fault STORAGE_CORRUPT, FOLDER_UNWRITABLE
 */
export function openConfigStore(folder: string, name = OWN_FILE): ConfigStore {
  const file = new ConfigFile(folder, name);
  let writing: Promise<unknown> = Promise.resolve();
  return {
    ...file.reading(),
    publish(changes, by) {
      // Publishes follow one another: each sees the versions of the one before.
      const turn = writing.then(() => file.publish(changes, by));
      writing = turn.catch(() => undefined);
      return turn;
    },
    async [Symbol.asyncDispose]() {
      await writing;
      await file.close();
    },
  };
}

/** The versions of documents in a file. One publish at a time. */
export class ConfigFile {
  readonly #root: ReturnType<typeof openLmdb>;
  readonly #current: Database<number, string[]>;
  readonly #versions: Database<Version, (string | number)[]>;
  readonly #counters: Database<number, string>;
  readonly #positions: Database<LogPosition, string>;
  readonly #pending: PendingWrites;
  readonly #listeners = new Set<(versions: readonly Version[]) => void>();

  /** @throws Fault STORAGE_CORRUPT, FOLDER_UNWRITABLE */
  constructor(folder: string, name: string) {
    try {
      mkdirSync(folder, { recursive: true });
    } catch (cause) {
      throw new Fault("FOLDER_UNWRITABLE", `making ${folder}: ${(cause as Error).message}`, { cause });
    }
    this.#root = openLmdb(join(folder, name), { maxDbs: 4 });
    this.#current = this.#root.openDB({ name: "current" });
    this.#versions = this.#root.openDB({ name: "versions" });
    this.#counters = this.#root.openDB({ name: "counters" });
    this.#positions = this.#root.openDB({ name: "positions" });
    this.#pending = new PendingWrites(this.#root);
  }

  /** The reading half of the store. */
  reading(): Omit<ConfigStore, "publish" | typeof Symbol.asyncDispose> {
    const [current, versions] = [this.#current, this.#versions];
    const get = (kind: Kind, name: string, version?: number): Version | undefined => {
      const wanted = version ?? current.get([kind, name]);
      return wanted === undefined ? undefined : versions.get([kind, name, wanted]);
    };
    return {
      revision: () => this.#revision(),
      get: (kind, name, version) => {
        const found = get(kind, name, version);
        return version === undefined && found?.text === null ? undefined : found;
      },
      list(kind) {
        const found: Version[] = [];
        for (const { key } of current.getRange({})) {
          const version = get(key[0] as Kind, key[1] as string);
          if (version !== undefined && version.text !== null && (kind === undefined || version.kind === kind))
            found.push(version);
        }
        return found;
      },
      history(kind, name) {
        const bounds = { start: [kind, name, 0], end: [kind, name, Number.MAX_SAFE_INTEGER] };
        return [...versions.getRange(bounds)].map(({ value }) => value).reverse();
      },
      watch: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  /** How far a shared log has been applied to the file. */
  position(): LogPosition | undefined {
    return this.#positions.get(POSITION);
  }

  /**
   * Publishes all changes or none, and keeps the position in the same transaction, if one is given.
   * @throws Fault CONFIG_CONFLICT, DISK_FULL, FOLDER_UNWRITABLE
   */
  async publish(
    changes: readonly Change[],
    { author, at, note = "" }: By,
    position?: LogPosition,
  ): Promise<readonly Version[]> {
    const made = changes.map(({ kind, name, text, base }): Version => {
      const latest = this.#current.get([kind, name]) ?? 0;
      if (base !== undefined && base !== latest) {
        throw new Fault(
          "CONFIG_CONFLICT",
          `publishing ${kind}/${name}: made from version ${base}, but ${latest} is in force`,
        );
      }
      return { kind, name, version: latest + 1, text, author, at, note };
    });
    // One turn of the event loop is one transaction.
    for (const version of made) {
      this.#pending.add(this.#versions.put([version.kind, version.name, version.version], version));
      this.#pending.add(this.#current.put([version.kind, version.name], version.version));
    }
    this.#pending.add(this.#counters.put("revision", this.#revision() + 1));
    if (position !== undefined) this.#pending.add(this.#positions.put(POSITION, position));
    await this.#pending.settle("publishing configuration");
    for (const listener of this.#listeners) listener(made);
    return made;
  }

  /** Keeps a position where nothing was published. */
  async pass(position: LogPosition): Promise<void> {
    this.#pending.add(this.#positions.put(POSITION, position));
    await this.#pending.settle("publishing configuration");
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#root.close();
  }

  #revision(): number {
    return this.#counters.get("revision") ?? 0;
  }
}
