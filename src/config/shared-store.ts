import { randomUUID } from "node:crypto";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Log } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import type { LogKeeper, LogPosition, LogRecord, SharedLog } from "../storage/log/contract.ts";
import { KINDS } from "./kinds.ts";
import { ConfigFile, type ConfigStore, SHARED_FILE, type Version } from "./store.ts";

/** A publish as it travels: what becomes of it is decided by what came before it in the log, so by every process alike. */
const published = z.object({
  id: z.string(),
  changes: z.array(
    z.object({
      kind: z.enum(KINDS),
      name: z.string(),
      text: z.string().nullable(),
      base: z.number().optional(),
    }),
  ),
  author: z.string(),
  at: z.number(),
  note: z.string().optional(),
});

type Outcome = PromiseWithResolvers<readonly Version[]>;

/** A store of configuration that several processes share. */
export type SharedConfigStore = ConfigStore & {
  /** Why it does not follow what others publish, with since when; undefined while it does. */
  readonly fault: Fault | undefined;
};

/**
 * Opens a store that several processes share: all have the same versions, in the same order, whoever publishes. A folder of this machine has a
 * copy. Resolves when the copy has all that was published before.
 * @param open opens the log that publishes travel in
 * @throws Fault STORAGE_CORRUPT, FOLDER_UNWRITABLE; what `open` throws
 */
export async function openSharedConfigStore(
  folder: string,
  open: (keeper: LogKeeper) => Promise<SharedLog>,
  log: Log,
): Promise<SharedConfigStore> {
  const file = new ConfigFile(folder, SHARED_FILE);
  /** Publishes of this process that have not been applied yet, by their ids. */
  const waiting = new Map<string, Outcome>();
  let shared: SharedLog;
  try {
    const position = () => file.position();
    const apply = (records: readonly LogRecord[], next: LogPosition) =>
      applyAll(records, next, { file, waiting, log });
    shared = await open({ what: "the configuration", position, apply });
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    ...file.reading(),
    get fault() {
      return shared.fault;
    },
    async publish(changes, by) {
      const id = randomUUID();
      const outcome = Promise.withResolvers<readonly Version[]>();
      outcome.promise.catch(() => undefined);
      waiting.set(id, outcome);
      try {
        await shared.append(Buffer.from(JSON.stringify({ id, changes, ...by })));
        return await outcome.promise;
      } finally {
        waiting.delete(id);
      }
    },
    async [Symbol.asyncDispose]() {
      await shared[Symbol.asyncDispose]();
      await file.close();
    },
  };
}

/** What the copy is called while the processes do not share their documents any more. */
const ASIDE_FILE = "shared.aside.mdb";

/**
 * Sets the copy aside, or takes it back: who only reads the folder takes the copy for what is in force. It is kept, as it says which log it
 * is of. To be called while nobody has it open.
 * @throws Fault FOLDER_UNWRITABLE
 */
export function keepCopy(folder: string, isInForce: boolean): void {
  const [from, to] = isInForce ? [ASIDE_FILE, SHARED_FILE] : [SHARED_FILE, ASIDE_FILE];
  const [there, here] = [join(folder, from), join(folder, to)];
  if (!existsSync(there) || (isInForce && existsSync(here))) return;
  try {
    renameSync(there, here);
  } catch (cause) {
    throw new Fault("FOLDER_UNWRITABLE", `renaming ${there}: ${(cause as Error).message}`, { cause });
  }
}

async function applyAll(
  records: readonly LogRecord[],
  { next, topicId }: LogPosition,
  { file, waiting, log }: { file: ConfigFile; waiting: ReadonlyMap<string, Outcome>; log: Log },
): Promise<void> {
  for (const { offset, value } of records) {
    const position = { next: offset + 1, topicId };
    const read = published.safeParse(jsonOf(value));
    if (!read.success) {
      log.warn("The log of the configuration has a record of somebody else; it is passed over.", { offset });
      continue;
    }
    const { id, changes, ...by } = read.data;
    try {
      const made = await file.publish(changes.map(withoutAbsent), by, position);
      waiting.get(id)?.resolve(made);
    } catch (error) {
      // A full disk is met again at the next try; a conflict is how this publish ends, on every machine.
      if (!(error instanceof Fault) || error.code !== "CONFIG_CONFLICT") throw error;
      await file.pass(position);
      waiting.get(id)?.reject(error);
    }
  }
  if ((file.position()?.next ?? 0) < next) await file.pass({ next, topicId });
}

function withoutAbsent<Given extends { readonly base?: number | undefined }>({ base, ...others }: Given) {
  return base === undefined ? others : { ...others, base };
}

function jsonOf(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString());
  } catch {
    return undefined;
  }
}
