import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { type Key, open, type RootDatabase } from "lmdb";
import { Fault } from "../core/fault.ts";
import { errorCode, writeFault } from "./folder.ts";
import { findDamage } from "./lmdb-check.ts";

const MOST_DATABASES = 12;

export type LmdbOptions = {
  readonly maxDbs?: number | undefined;
  /** Set when this process has opened the file before and checked it then. */
  readonly isChecked?: boolean | undefined;
};

/**
 * Opens an LMDB file, made if there is none, such that a write that resolved is on disk. Faults: STORAGE_CORRUPT when it
 * is no such file, empty, or a part of it is missing (LMDB itself would crash the process on one), FOLDER_UNWRITABLE.
 */
export function openLmdb<Value = unknown, StoredKey extends Key = Key>(
  path: string,
  options: LmdbOptions = {},
): RootDatabase<Value, StoredKey> {
  if (!existsSync(path)) make(path);
  else if (!options.isChecked) {
    const damage = findDamageOrFault(path);
    if (damage !== undefined) throw corrupt(path, damage);
  }
  try {
    return open<Value, StoredKey>({
      path,
      noSubdir: true,
      overlappingSync: false,
      maxDbs: options.maxDbs ?? MOST_DATABASES,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (isRefused(error)) {
      throw new Fault("FOLDER_UNWRITABLE", `opening ${path}: ${reason}`, { cause: error });
    }
    throw corrupt(path, reason, error);
  }
}

/**
 * Copies an LMDB file as it is at one moment, without what its pages no longer hold; others may write it meanwhile. Returns
 * false where it does not exist.
 * @param isWritten whether another process writes it, which has checked it; otherwise it is checked before it is mapped
 * @throws Fault STORAGE_CORRUPT when it, or the copy, is damaged; DISK_FULL, FOLDER_UNWRITABLE
 */
export async function copyLmdb(from: string, to: string, isWritten: boolean): Promise<boolean> {
  if (!existsSync(from)) return false;
  const damage = isWritten ? undefined : findDamageOrFault(from);
  if (damage !== undefined) throw corrupt(from, damage);
  const root = open({ path: from, noSubdir: true, readOnly: true });
  try {
    await root.backup(to, true);
  } catch (error) {
    throw await writeRefused(`copying ${from} to ${to}`, error);
  } finally {
    await root.close();
  }
  const inCopy = findDamageOrFault(to);
  if (inCopy !== undefined) throw corrupt(to, inCopy);
  const copy = openSync(to, "r");
  fsyncSync(copy);
  closeSync(copy);
  return true;
}

/**
 * Makes an empty database under another name first: LMDB makes a file of 0 bytes before it writes to it, and one that a
 * kill left behind could not be told from one that lost all it held.
 */
function make(path: string): void {
  const draft = `${path}.new`;
  try {
    for (const leftover of [draft, `${draft}-lock`]) rmSync(leftover, { force: true });
    const root = open({ path: draft, noSubdir: true });
    const bytes = readFileSync(draft);
    void root.close();
    rmSync(`${draft}-lock`, { force: true });
    rmSync(draft);
    const whole = openSync(draft, "wx");
    writeSync(whole, bytes);
    fsyncSync(whole);
    closeSync(whole);
    renameSync(draft, path);
  } catch (error) {
    if (isRefused(error))
      throw new Fault("FOLDER_UNWRITABLE", `making ${path}: ${errorCode(error)}`, { cause: error });
    throw writeFault(`making ${path}`, error);
  }
}

function isRefused(error: unknown): boolean {
  return /permission|read-only|access/i.test(error instanceof Error ? error.message : String(error));
}

function findDamageOrFault(path: string): string | undefined {
  try {
    return findDamage(path);
  } catch (error) {
    throw new Fault("FOLDER_UNWRITABLE", `opening ${path}: ${String(error)}`, { cause: error });
  }
}

/** The writes of one transaction, which LMDB acknowledges and refuses by one or several promises. */
export class PendingWrites {
  readonly #root: { readonly committed: Promise<boolean> };
  readonly #promises = new Set<Promise<unknown>>();
  #isTurnGuarded = false;

  /** @param root the opened file whose databases are written. */
  constructor(root: { readonly committed: Promise<boolean> }) {
    this.#root = root;
  }

  /** Takes what a write returned. All writes of one turn of the event loop are one transaction. */
  add(promise: Promise<unknown>): void {
    if (!this.#isTurnGuarded) this.#guardTurn();
    if (this.#promises.has(promise)) return;
    this.#promises.add(promise);
    // `settle` may come turns later; until then a refusal must not count as unhandled.
    promise.catch(() => undefined);
  }

  /**
   * The library ends a turn by starting its transaction, and makes one more promise for that, which it gives to nobody:
   * a refusal would then end the process as unhandled. Right after that moment it can be had as `committed`.
   */
  #guardTurn(): void {
    this.#isTurnGuarded = true;
    setImmediate(() => {
      this.#isTurnGuarded = false;
      this.#root.committed.then(
        () => undefined,
        () => undefined,
      );
    });
  }

  /** Resolves once all are durable. Throws DISK_FULL or FOLDER_UNWRITABLE when they were refused, then none is. */
  async settle(doing: string): Promise<void> {
    const promises = [...this.#promises];
    this.#promises.clear();
    for (const result of await Promise.allSettled(promises)) {
      if (result.status === "rejected") throw await writeRefused(doing, result.reason);
    }
  }
}

async function writeRefused(doing: string, reason: unknown): Promise<Fault> {
  // The library rejects with an error whose own cause arrives a moment later, as a promise.
  const detail = reason instanceof Error && "commitError" in reason ? reason.commitError : reason;
  const cause = await Promise.resolve(detail).catch((error: unknown) => error);
  const [text = ""] = (cause instanceof Error ? cause.message : String(cause)).split(": Attempting");
  // LMDB answers "Input/output error" when a full disk took only a part of a page.
  const isFull = /no space|input\/output|quota/i.test(text);
  return new Fault(isFull ? "DISK_FULL" : "FOLDER_UNWRITABLE", `${doing}: ${text}`, { cause });
}

function corrupt(path: string, reason: string, cause?: unknown): Fault {
  const advice = "set the file aside, so that it is made anew, or restore it";
  return new Fault("STORAGE_CORRUPT", `opening ${path}: ${reason}; ${advice}`, {
    cause,
    details: { file: path },
  });
}
