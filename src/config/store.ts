import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "lmdb";
import { Fault } from "../core/fault.ts";
import { openLmdb, PendingWrites } from "../storage/lmdb-file.ts";
import type { Kind } from "./kinds.ts";

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
  publish(
    changes: readonly Change[],
    by: { author: string; at: number; note?: string },
  ): Promise<readonly Version[]>;
  /** Calls back after every publish, in this process. */
  watch(listener: (versions: readonly Version[]) => void): () => void;
};

/**
 * Opens (or creates) the store in a folder.
 * @throws Fault STORAGE_CORRUPT, FOLDER_UNWRITABLE
 */
export function openConfigStore(folder: string): ConfigStore {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new Fault("FOLDER_UNWRITABLE", `making ${folder}: ${(cause as Error).message}`, { cause });
  }
  const root = openLmdb(join(folder, "config.mdb"), { maxDbs: 4 });
  const current: Database<number, string[]> = root.openDB({ name: "current" });
  const versions: Database<Version, (string | number)[]> = root.openDB({ name: "versions" });
  const counters: Database<number, string> = root.openDB({ name: "counters" });
  const pending = new PendingWrites(root);
  let writing: Promise<unknown> = Promise.resolve();
  const listeners = new Set<(versions: readonly Version[]) => void>();

  const get = (kind: Kind, name: string, version?: number): Version | undefined => {
    const wanted = version ?? current.get([kind, name]);
    return wanted === undefined ? undefined : versions.get([kind, name, wanted]);
  };

  return {
    revision: () => counters.get("revision") ?? 0,
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
      const range = versions.getRange({ start: [kind, name, 0], end: [kind, name, Number.MAX_SAFE_INTEGER] });
      return [...range].map(({ value }) => value).reverse();
    },
    publish(changes, { author, at, note = "" }) {
      const work = async () => {
        const made = changes.map(({ kind, name, text, base }): Version => {
          const latest = current.get([kind, name]) ?? 0;
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
          pending.add(versions.put([version.kind, version.name, version.version], version));
          pending.add(current.put([version.kind, version.name], version.version));
        }
        pending.add(counters.put("revision", (counters.get("revision") ?? 0) + 1));
        await pending.settle("publishing configuration");
        for (const listener of listeners) listener(made);
        return made;
      };
      // Publishes follow one another: each sees the versions of the one before.
      const turn = writing.then(work, work);
      writing = turn.catch(() => undefined);
      return turn;
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      listeners.clear();
      await writing;
      await root.close();
    },
  };
}
