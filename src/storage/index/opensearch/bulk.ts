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

/** How many of the documents of lines were stored before, are error records now, and were such before. */
export type Fate = { before: number; refused: number; refusedBefore: number };
type Fates = Map<Lines, Fate>;

/**
 * Stores documents, each once: one whose guid is stored already stays as it is, with what analysts changed of it. In place of one that
 * OpenSearch refuses its error record is stored.
 * @returns what happened to lines whose documents are not all stored by this
 * @throws Fault when the server does not take documents for reasons that are not theirs
 */
export async function sendBulk(
  documents: readonly Lines[],
  parts: BulkParts,
): Promise<ReadonlyMap<Lines, Fate>> {
  const fates: Fates = new Map();
  for (const portion of portions(documents)) await sendPortion(portion, parts, fates);
  return fates;
}

function fateOf(fates: Fates, lines: Lines): Fate {
  const fate = fates.get(lines) ?? { before: 0, refused: 0, refusedBefore: 0 };
  fates.set(lines, fate);
  return fate;
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

async function sendPortion(documents: readonly Part[], parts: BulkParts, fates: Fates): Promise<void> {
  const { refused, before } = await sendInParts(documents, parts);
  for (const { lines } of before) fateOf(fates, lines).before++;
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
  const errors = await sendInParts(again, parts);
  const [first] = errors.refused;
  if (first !== undefined)
    throw new Fault("INDEX_REFUSED", `OpenSearch refuses messages and their error records: ${first.reason}`);
  const known = new Set(errors.before.map(({ lines }) => lines));
  for (const [place, { line }] of refused.entries()) {
    const fate = fateOf(fates, line.lines);
    if (known.has(replaced[place] as Lines)) fate.refusedBefore++;
    else fate.refused++;
  }
  for (const [sensor, { count, reason }] of counts) parts.owner.refused(sensor, count, reason);
}

type Sender = Pick<BulkParts, "client" | "signal">;
type RefusedLine = { readonly line: Line; readonly reason: string };
/** The documents that a request did not store: they are at fault themselves, or are there already. */
type Unstored = { readonly refused: readonly RefusedLine[]; readonly before: readonly Line[] };

const ALL: Unstored = { refused: [], before: [] };

/** Sends documents, and where one of them spoils the whole request, each half by itself. */
async function sendInParts(documents: readonly Part[], parts: Sender): Promise<Unstored> {
  try {
    return await sendOnce(documents, parts);
  } catch (error) {
    const { status, reason } = error instanceof Fault ? (error.details ?? {}) : {};
    if (typeof status !== "number" || !AT_FAULT.has(status)) throw error;
    const count = countOf(documents);
    const line = lineOf(documents, 0);
    if (count === 1 && line !== undefined) return { refused: [{ line, reason: String(reason) }], before: [] };
    const halves = halvesOf(documents, count >> 1);
    const first = await sendInParts(halves[0], parts);
    const second = await sendInParts(halves[1], parts);
    return {
      refused: [...first.refused, ...second.refused],
      before: [...first.before, ...second.before],
    };
  }
}

/** Sends documents, and returns those that are not stored by it. @throws Fault for the server's own trouble */
async function sendOnce(documents: readonly Part[], { client, signal }: Sender): Promise<Unstored> {
  const { said, isRepeated } = await client.hear(
    "POST",
    "/_bulk?filter_path=errors,items.*.status,items.*.error",
    {
      lines: bodyOf(documents),
      time: LONG,
      signal,
    },
  );
  if (said.startsWith(ALL_STORED)) return ALL;
  const { errors, items } = JSON.parse(said) as { errors: boolean; items: Item[] };
  if (!errors) return ALL;
  const refused: RefusedLine[] = [];
  const before: Line[] = [];
  let trouble: Fault | undefined;
  for (const [place, { create }] of items.entries()) {
    const { status, error } = create;
    if (status < 300) continue;
    const line = lineOf(documents, place);
    if (status === STORED) {
      // What the client sent twice was stored by its first try.
      if (line !== undefined && !isRepeated) before.push(line);
      continue;
    }
    const reason = reasonOf({ error }) ?? `status ${status}`;
    if (line !== undefined && AT_FAULT.has(status)) refused.push({ line, reason });
    else
      trouble ??= new Fault(
        "INDEX_UNREACHABLE",
        `OpenSearch at ${client.name} takes no documents (${status}): ${reason}`,
      );
  }
  // What is stored of these by now is not stored twice when all are sent again.
  if (trouble !== undefined) throw trouble;
  return { refused, before };
}
