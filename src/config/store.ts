import { type Database, open, type RootDatabase } from "lmdb";
import { Fault } from "../core/fault.ts";

export type Kind = "global" | "sensor" | "functions";

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
export type ConfigStore = Disposable & {
  /** Counts publishes; a reader that knows it knows whether anything changed. */
  revision(): number;
  list(kind?: Kind): Version[];
  get(kind: Kind, name: string, version?: number): Version | undefined;
  history(kind: Kind, name: string): Version[];
  /** Publishes all changes or none. Throws Fault CONFIG_CONFLICT. */
  publish(
    changes: readonly Change[],
    by: { author: string; at: number; note?: string },
  ): Promise<readonly Version[]>;
  /** Calls back after every publish, in this process. */
  watch(listener: (versions: readonly Version[]) => void): () => void;
};

/** Opens (or creates) the store in a folder. */
export function openConfigStore(folder: string): ConfigStore {
  const root: RootDatabase = open({ path: folder, maxDbs: 4, compression: false });
  const current: Database<number, string[]> = root.openDB({ name: "current" });
  const versions: Database<Version, (string | number)[]> = root.openDB({ name: "versions" });
  const counters: Database<number, string> = root.openDB({ name: "counters" });
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
    async publish(changes, { author, at, note = "" }) {
      const published = await root.transaction(() => {
        const made: Version[] = [];
        for (const { kind, name, text, base } of changes) {
          const latest = current.get([kind, name]) ?? 0;
          if (base !== undefined && base !== latest) {
            return new Fault(
              "CONFIG_CONFLICT",
              `publishing ${kind}/${name}: made from version ${base}, but ${latest} is in force`,
            );
          }
          made.push({ kind, name, version: latest + 1, text, author, at, note });
        }
        for (const version of made) {
          versions.put([version.kind, version.name, version.version], version);
          current.put([version.kind, version.name], version.version);
        }
        counters.put("revision", (counters.get("revision") ?? 0) + 1);
        return made;
      });
      if (published instanceof Fault) throw published;
      await root.flushed;
      for (const listener of listeners) listener(published);
      return published;
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.dispose]() {
      listeners.clear();
      void root.close();
    },
  };
}
