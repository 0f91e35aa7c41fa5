import { Fault } from "../../../core/fault.ts";
import type { Message } from "../../../core/message.ts";
import type { Query } from "../../../query/tree.ts";
import type { Index, IndexProblem, IndexStats } from "../contract.ts";
import type { AlertCopies } from "../opensearch/alert-copies.ts";
import { wholeOf } from "../whole-message.ts";
import { ALERT } from "./asks-alerts.ts";
import type { Outbox, Waiting } from "./outbox.ts";

/** Messages that are read and copied together: a message takes the thread a tenth of a millisecond, and may have some megabytes. */
const PORTION = 200;
const ALERTS: Query = { kind: "exists", field: ALERT };

export type CopyingParts = {
  readonly outbox: Outbox;
  /** Where all messages are. */
  readonly files: Index;
  readonly copies: AlertCopies;
  readonly signal: AbortSignal;
  /** Told how many copies were made. */
  readonly onCopied: (count: number) => void;
};

/** Messages that were looked at and could not be copied, and why the last of them. */
export type Uncopied = { readonly count: number; readonly reason: string };

/**
 * Brings the copies of all messages that wait up to date, once each.
 * @returns which stay as they are @throws Fault when that cannot be told or the server takes nothing
 */
export async function copyWaiting(parts: CopyingParts): Promise<Uncopied | undefined> {
  const { outbox, signal } = parts;
  await outbox.persist();
  let after: string | undefined;
  let uncopied: Uncopied | undefined;
  while (!signal.aborted) {
    const entries = outbox.next(after, PORTION);
    const last = entries.at(-1);
    if (last === undefined) break;
    const { done, refused } = await copyEntries(entries, parts);
    await outbox.done(done);
    if (refused !== undefined)
      uncopied = { count: (uncopied?.count ?? 0) + refused.count, reason: refused.reason };
    after = last.guid;
  }
  return uncopied;
}

/**
 * Copies all alerts that the index has, but for those of sensors whose alerts are copied already.
 * @returns why some of its messages cannot be read; undefined when all are copied
 */
export async function copyAll(parts: CopyingParts): Promise<Fault | undefined> {
  const { files, outbox, signal } = parts;
  const { generation } = outbox;
  // A sensor of which no file can be read is not among those that the index tells of.
  let lack = faultOf(files.problems());
  for (const sensor of sensorsOf(await files.stats())) {
    signal.throwIfAborted();
    if (outbox.generation !== generation) return undefined;
    if (outbox.finished.includes(sensor)) continue;
    const found = await copySensor(sensor, parts);
    if (found === undefined) await outbox.finish(generation, sensor);
    lack ??= found;
  }
  if (lack !== undefined) return lack;
  await outbox.filled(generation);
  return undefined;
}

/** @returns why some of its messages cannot be read */
async function copySensor(sensor: string, parts: CopyingParts): Promise<Fault | undefined> {
  const { files, outbox, signal } = parts;
  let cursor: string | undefined;
  do {
    signal.throwIfAborted();
    const request = { sensors: [sensor], query: ALERTS, size: PORTION, total: false, cursor };
    const page = await files.search(request).catch((error: unknown) => {
      if (error instanceof Fault) return error;
      throw error;
    });
    const lack = page instanceof Fault ? page : faultOf(page.problems);
    if (page instanceof Fault || lack !== undefined) return lack;
    // What is refused waits among the others, where it is tried again.
    for (const guid of (await put(sensor, page.messages, parts)).keys()) await outbox.note(guid);
    ({ cursor } = page);
  } while (cursor !== undefined);
  return undefined;
}

function faultOf(problems: readonly IndexProblem[]): Fault | undefined {
  const lack = problems.find(isOfFiles);
  return lack && new Fault("FILE_UNREADABLE", `copying all alerts: ${lack.text}`);
}

/**
 * Takes away copies of what retention has dropped.
 * @returns whether it could be told what that is: messages of files that cannot be read now count for nothing in the statistics
 */
export async function trimCopies({
  files,
  copies,
}: Pick<CopyingParts, "files" | "copies">): Promise<boolean> {
  const before = files.problems();
  const { sensors, archive } = await files.stats();
  if ([...before, ...files.problems()].some(isOfFiles)) return false;
  const oldest = new Map(sensors.map(({ sensor, from }) => [sensor, from]));
  // What is in the archive alone is searched, and how old it is stands nowhere.
  for (const sensor of archive?.only.sensors ?? []) oldest.set(sensor, Number.NEGATIVE_INFINITY);
  await copies.trim(oldest);
  return true;
}

/** Whether a problem is that messages which are there cannot be read, and not that some are gone for good. */
export function isOfFiles({ code }: IndexProblem): boolean {
  return code !== "MESSAGES_LOST";
}

type Looked = { readonly done: readonly Waiting[]; readonly refused: Uncopied | undefined };

async function copyEntries(entries: readonly Waiting[], parts: CopyingParts): Promise<Looked> {
  const { files, copies } = parts;
  const { found, unread } = await messagesOf(entries, files);
  const stay = new Map(unread);
  const gone: string[] = [];
  const alerts = new Map<string, Message[]>();
  for (const { guid } of entries) {
    const own = found.get(guid);
    if (own === undefined || !isAlert(own.message)) gone.push(guid);
    else alerts.set(own.sensor, [...(alerts.get(own.sensor) ?? []), own.message]);
  }
  const missing = gone.filter((guid) => !found.has(guid) && !stay.has(guid));
  const [lack] = missing.length === 0 ? [] : files.problems().filter(isOfFiles);
  // It may be in what cannot be read.
  if (lack !== undefined) for (const guid of missing) stay.set(guid, lack.text);
  for (const [sensor, messages] of alerts)
    for (const [guid, reason] of await put(sensor, messages, parts)) stay.set(guid, reason);
  const removed = gone.filter((guid) => !stay.has(guid));
  if (removed.length > 0) {
    await copies.refresh();
    await copies.remove(removed);
  }
  const reasons = [...stay.values()];
  return {
    done: entries.filter(({ guid }) => !stay.has(guid)),
    refused: reasons.length === 0 ? undefined : { count: reasons.length, reason: reasons.at(-1) ?? "" },
  };
}

async function put(
  sensor: string,
  messages: readonly Message[],
  { files, copies, onCopied }: CopyingParts,
): Promise<ReadonlyMap<string, string>> {
  if (messages.length === 0) return new Map();
  const refused = await copies.put(sensor, await Promise.all(messages.map((one) => wholeOf(files, one))));
  onCopied(messages.length - refused.size);
  return refused;
}

function isAlert(message: Message): boolean {
  return message[ALERT] !== undefined && message[ALERT] !== null;
}

type Found = { readonly sensor: string; readonly message: Message };
type FoundMessages = {
  readonly found: ReadonlyMap<string, Found>;
  /** Why it cannot be told how a message is, by its guid: it may be there, so its copy must not go. */
  readonly unread: ReadonlyMap<string, string>;
};

/** The messages as they are now. One of an unknown sensor is looked for with each. */
async function messagesOf(entries: readonly Waiting[], files: Index): Promise<FoundMessages> {
  const found = new Map<string, Found>();
  const unread = new Map<string, string>();
  const sensors = new Map(entries.map(({ guid, sensor }) => [guid, sensor]));
  const left = new Set<string>();
  for (const message of await readable([...sensors.keys()], files, unread)) {
    const guid = String(message.guid);
    const sensor = sensors.get(guid) ?? undefined;
    if (sensor === undefined) left.add(guid);
    else found.set(guid, { message, sensor });
  }
  if (left.size === 0) return { found, unread };
  const names = sensorsOf(await files.stats());
  // Together first. Then one by one: archived files that hold one of them have room where those of all have none.
  for (const guids of [[...left], ...[...left].map((guid) => [guid])])
    for (const sensor of names) {
      const wanted = guids.filter((guid) => left.has(guid));
      if (wanted.length === 0) break;
      const page = await files.search({
        ...{ query: queryOf(wanted), sensors: [sensor], size: wanted.length, total: false },
      });
      for (const message of page.messages) {
        const guid = String(message.guid);
        found.set(guid, { message, sensor });
        left.delete(guid);
      }
      const lack = page.problems.find(isOfFiles);
      if (lack !== undefined) for (const guid of wanted) unread.set(guid, lack.text);
    }
  for (const guid of left) if (!unread.has(guid)) unread.set(guid, "its sensor cannot be told");
  for (const guid of found.keys()) unread.delete(guid);
  return { found, unread };
}

/** Messages by their guids; which of these cannot be looked for is put into `unread`. */
async function readable(
  guids: readonly string[],
  files: Index,
  unread: Map<string, string>,
): Promise<readonly Message[]> {
  if (guids.length === 0) return [];
  try {
    return await files.get(guids);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "ARCHIVE_UNREAD") throw error;
    const [first = ""] = guids;
    if (guids.length === 1) {
      unread.set(first, error.message);
      return [];
    }
    const half = guids.length >> 1;
    const parts = [guids.slice(0, half), guids.slice(half)];
    const messages: Message[] = [];
    for (const part of parts) messages.push(...(await readable(part, files, unread)));
    return messages;
  }
}

function queryOf(guids: readonly string[]): Query {
  return { kind: "or", parts: guids.map((value) => ({ kind: "term", field: "guid", value })) };
}

function sensorsOf({ sensors, archive }: IndexStats): string[] {
  return [...new Set([...sensors.map(({ sensor }) => sensor), ...(archive?.only.sensors ?? [])])];
}
