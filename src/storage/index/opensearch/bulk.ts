import { Fault } from "../../../core/fault.ts";
import { messageFromJson, messageToJson } from "../../../core/message.ts";
import { LONG, reasonOf } from "./client.ts";
import { type DocumentMessage, documentOf, messageOf, type SeenFields } from "./document.ts";
import {
  bodyOf,
  countOf,
  halvesOf,
  type Line,
  type Lines,
  lineOf,
  lineOfJson,
  type Part,
  sourceOf,
} from "./lines.ts";
import { ERROR_SENSOR, errorOf } from "./refused.ts";
import type { WriterParts } from "./writer-parts.ts";

type Item = { readonly create: { readonly status: number; readonly error?: unknown } };

/** Statuses of a document: it is there already; it is at fault itself. All others are the server's own trouble. */
const STORED = 409;
const AT_FAULT: ReadonlySet<number> = new Set([400, 413]);
/** Bytes of a request: a server takes 100 MB at the most. */
const MOST_BYTES = 48e6;
/** Characters of a refused message that its error record repeats. */
const MOST_REPEATED = 1_000_000;

/** How an answer begins when everything is stored; what else it says is not read then. */
const ALL_STORED = '{"errors":false';

type BulkParts = Pick<WriterParts, "client" | "names" | "owner" | "internal"> & {
  /** Ends requests that are under way. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * Stores documents, each once: one whose guid is stored already stays as it is, with what analysts changed of it. In place of one that
 * OpenSearch refuses its error record is stored.
 * @throws Fault when the server does not take documents for reasons that are not theirs
 */
export async function sendBulk(documents: readonly Lines[], parts: BulkParts): Promise<void> {
  for (const portion of portions(documents)) await sendPortion(portion, parts);
}

/** Documents by what one request may hold. */
function* portions(documents: readonly Lines[]): Generator<readonly Part[]> {
  let portion: Part[] = [];
  let bytes = 0;
  for (const lines of documents) {
    let from = 0;
    for (let at = 0; at < lines.count; at++) {
      const size = (lines.starts[at + 1] ?? 0) - (lines.starts[at] ?? 0);
      if (bytes > 0 && bytes + size > MOST_BYTES) {
        if (at > from) portion.push({ lines, from, to: at });
        yield portion;
        portion = [];
        bytes = 0;
        from = at;
      }
      bytes += size;
    }
    if (lines.count > from) portion.push({ lines, from, to: lines.count });
  }
  if (portion.length > 0) yield portion;
}

async function sendPortion(documents: readonly Part[], parts: BulkParts): Promise<void> {
  const refused = await sendInParts(documents, parts);
  if (refused.length === 0) return;
  const counts = new Map<string, { count: number; reason: string }>();
  const replaced: Lines[] = [];
  const seen: SeenFields = new Map();
  for (const { line, reason } of refused) {
    const { sensor, arrival, position, records } = line.lines;
    const message = messageOf(messageFromJson(sourceOf(line)) as DocumentMessage);
    const guid = String(message.guid);
    if (sensor === ERROR_SENSOR)
      throw new Fault("INDEX_REFUSED", `OpenSearch refuses the error record ${guid}: ${reason}`);
    const place = { ...position, offset: position.offset + (records[line.at] ?? 0) };
    const text = messageToJson(message).slice(0, MOST_REPEATED);
    const error = errorOf({ sensor, guid, message: text, reason, ...place }, arrival);
    const json = documentOf(ERROR_SENSOR, error, arrival, undefined, seen);
    const index = parts.names.index(ERROR_SENSOR, arrival, arrival);
    const origin = { sensor: ERROR_SENSOR, arrival, position };
    replaced.push(lineOfJson(origin, { index, id: String(error.guid), json }));
    counts.set(sensor, { count: (counts.get(sensor)?.count ?? 0) + 1, reason });
  }
  parts.owner.noted(ERROR_SENSOR, await parts.internal.addFields(ERROR_SENSOR, seen));
  const again = replaced.map((lines) => ({ lines, from: 0, to: 1 }));
  const [first] = await sendInParts(again, parts);
  if (first !== undefined)
    throw new Fault("INDEX_REFUSED", `OpenSearch refuses messages and their error records: ${first.reason}`);
  for (const [sensor, { count, reason }] of counts) parts.owner.refused(sensor, count, reason);
}

type Sender = Pick<BulkParts, "client" | "signal">;
type RefusedLine = { readonly line: Line; readonly reason: string };

/** Sends documents, and where one of them spoils the whole request, each half by itself. */
async function sendInParts(documents: readonly Part[], parts: Sender): Promise<RefusedLine[]> {
  try {
    return await sendOnce(documents, parts);
  } catch (error) {
    const { status, reason } = error instanceof Fault ? (error.details ?? {}) : {};
    if (typeof status !== "number" || !AT_FAULT.has(status)) throw error;
    const count = countOf(documents);
    const line = lineOf(documents, 0);
    if (count === 1 && line !== undefined) return [{ line, reason: String(reason) }];
    const [first, second] = halvesOf(documents, count >> 1);
    return [...(await sendInParts(first, parts)), ...(await sendInParts(second, parts))];
  }
}

/** Sends documents, and returns those that are at fault themselves. @throws Fault for the server's own trouble */
async function sendOnce(documents: readonly Part[], { client, signal }: Sender): Promise<RefusedLine[]> {
  const { said } = await client.hear("POST", "/_bulk?filter_path=errors,items.*.status,items.*.error", {
    lines: bodyOf(documents),
    time: LONG,
    signal,
  });
  if (said.startsWith(ALL_STORED)) return [];
  const { errors, items } = JSON.parse(said) as { errors: boolean; items: Item[] };
  if (!errors) return [];
  const refused: RefusedLine[] = [];
  let trouble: Fault | undefined;
  for (const [place, { create }] of items.entries()) {
    const { status, error } = create;
    if (status < 300 || status === STORED) continue;
    const reason = reasonOf({ error }) ?? `status ${status}`;
    const line = lineOf(documents, place);
    if (line !== undefined && AT_FAULT.has(status)) refused.push({ line, reason });
    else
      trouble ??= new Fault(
        "INDEX_UNREACHABLE",
        `OpenSearch at ${client.name} takes no documents (${status}): ${reason}`,
      );
  }
  // What is stored of these by now is not stored twice when all are sent again.
  if (trouble !== undefined) throw trouble;
  return refused;
}
