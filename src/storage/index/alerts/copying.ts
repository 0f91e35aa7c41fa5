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

/** Copies all alerts that the index has. @throws Fault when some of its messages cannot be read */
export async function copyAll(parts: CopyingParts): Promise<void> {
  const { files, signal } = parts;
  for (const sensor of sensorsOf(await files.stats())) {
    let cursor: string | undefined;
    do {
      signal.throwIfAborted();
      const request = { sensors: [sensor], query: ALERTS, size: PORTION, total: false, cursor };
      const page = await files.search(request);
      const [lack] = page.problems.filter(isOfFiles);
      if (lack !== undefined)
        throw new Fault("FILE_UNREADABLE", `copying the alerts of ${sensor}: ${lack.text}`);
      // What is refused waits among the others, where it is tried again.
      for (const guid of (await put(sensor, page.messages, parts)).keys()) await parts.outbox.note(guid);
      ({ cursor } = page);
    } while (cursor !== undefined);
  }
}

/** Takes away copies of what retention has dropped. */
export async function trimCopies({ files, copies }: Pick<CopyingParts, "files" | "copies">): Promise<void> {
  const { sensors, archive } = await files.stats();
  const oldest = new Map(sensors.map(({ sensor, from }) => [sensor, from]));
  // What is in the archive alone is searched, and how old it is stands nowhere.
  for (const sensor of archive?.only.sensors ?? []) oldest.set(sensor, Number.NEGATIVE_INFINITY);
  await copies.trim(oldest);
}

/** Whether a problem is that messages which are there cannot be read, and not that some are gone for good. */
export function isOfFiles({ code }: IndexProblem): boolean {
  return code !== "MESSAGES_LOST";
}

type Looked = { readonly done: readonly Waiting[]; readonly refused: Uncopied | undefined };

async function copyEntries(entries: readonly Waiting[], parts: CopyingParts): Promise<Looked> {
  const { files, copies } = parts;
  const found = await messagesOf(entries, files);
  const stay = new Map<string, string>();
  const gone: string[] = [];
  const alerts = new Map<string, Message[]>();
  for (const { guid } of entries) {
    const own = found.get(guid);
    if (own === undefined || !isAlert(own.message)) gone.push(guid);
    else alerts.set(own.sensor, [...(alerts.get(own.sensor) ?? []), own.message]);
  }
  const missing = gone.filter((guid) => !found.has(guid));
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

/** The messages as they are now. One of an unknown sensor is looked for with each. */
async function messagesOf(entries: readonly Waiting[], files: Index): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  const sensors = new Map(entries.flatMap(({ guid, sensor }) => (sensor === null ? [] : [[guid, sensor]])));
  for (const message of await files.get([...sensors.keys()])) {
    const guid = String(message.guid);
    found.set(guid, { message, sensor: sensors.get(guid) ?? "" });
  }
  const unknown = entries.filter(({ sensor }) => sensor === null).map(({ guid }) => guid);
  if (unknown.length === 0) return found;
  const query: Query = {
    kind: "or",
    parts: unknown.map((value) => ({ kind: "term", field: "guid", value })),
  };
  for (const sensor of sensorsOf(await files.stats())) {
    const { messages } = await files.search({ query, sensors: [sensor], size: unknown.length, total: false });
    for (const message of messages) found.set(String(message.guid), { message, sensor });
  }
  return found;
}

function sensorsOf({ sensors, archive }: IndexStats): string[] {
  return [...new Set([...sensors.map(({ sensor }) => sensor), ...(archive?.only.sensors ?? [])])];
}
