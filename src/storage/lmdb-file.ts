import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { type Key, open, type RootDatabase } from "lmdb";
import { Fault } from "../core/fault.ts";

/**
 * Opens an LMDB file such that a write that resolved is on disk. Faults: STORAGE_CORRUPT when it is no such file or a
 * part of it is missing (LMDB itself would crash the process on one), FOLDER_UNWRITABLE.
 */
export function openLmdb<Value = unknown, StoredKey extends Key = Key>(
  path: string,
  options: { maxDbs?: number } = {},
): RootDatabase<Value, StoredKey> {
  const damage = existsSync(path) ? findDamage(path) : undefined;
  if (damage !== undefined) throw corrupt(path, damage);
  try {
    return open<Value, StoredKey>({ path, noSubdir: true, overlappingSync: false, ...options });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (/permission|read-only|access/i.test(reason)) {
      throw new Fault("FOLDER_UNWRITABLE", `opening ${path}: ${reason}`, { cause: error });
    }
    throw corrupt(path, reason, error);
  }
}

/** The writes of one transaction, which LMDB acknowledges and refuses by one or several promises. */
export class PendingWrites {
  readonly #promises = new Set<Promise<unknown>>();

  /** Takes what a write returned. All writes of one turn of the event loop are one transaction. */
  add(promise: Promise<unknown>): void {
    if (this.#promises.has(promise)) return;
    this.#promises.add(promise);
    // `settle` may come turns later; until then a refusal must not count as unhandled.
    promise.catch(() => undefined);
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
  const text = cause instanceof Error ? cause.message : String(cause);
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

const MAGIC = 0xbeefc0de;
const META_FLAG = 8;

/** What is wrong with the two meta pages or the length of a file; `undefined` when it can be opened. */
function findDamage(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw new Fault("FOLDER_UNWRITABLE", `opening ${path}: ${String(error)}`, { cause: error });
  }
  try {
    const { size } = fstatSync(file);
    if (size === 0) return undefined;
    const first = readMeta(file, 0);
    const second = first && readMeta(file, first.pageSize);
    if (first === undefined || second === undefined) return "its header is damaged";
    const newest = first.transaction > second.transaction ? first : second;
    if ((newest.lastPage + 1) * first.pageSize > size) return "its end is missing";
    for (const root of newest.roots) {
      if (root !== undefined && !isPage(file, root, first.pageSize)) return `its page ${root} is damaged`;
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

type Meta = { pageSize: number; lastPage: number; transaction: number; roots: (number | undefined)[] };

/** A meta page as the LMDB of the `lmdb` package lays it out on 64-bit processors. */
function readMeta(file: number, position: number): Meta | undefined {
  const page = Buffer.alloc(160);
  if (readSync(file, page, 0, page.length, position) < page.length) return undefined;
  if (page.readUInt32LE(24) !== MAGIC || (page.readUInt16LE(18) & META_FLAG) === 0) return undefined;
  const pageSize = page.readUInt32LE(48);
  if (pageSize < 512 || pageSize > 65_536) return undefined;
  const root = (at: number) => {
    const number = page.readBigUInt64LE(at);
    return number === 0xffff_ffff_ffff_ffffn ? undefined : Number(number);
  };
  return {
    pageSize,
    lastPage: Number(page.readBigUInt64LE(144)),
    transaction: Number(page.readBigUInt64LE(152)),
    roots: [root(88), root(136)],
  };
}

/** Every page begins with its own number. */
function isPage(file: number, number: number, pageSize: number): boolean {
  const start = Buffer.alloc(8);
  return readSync(file, start, 0, 8, number * pageSize) === 8 && start.readBigUInt64LE(0) === BigInt(number);
}
