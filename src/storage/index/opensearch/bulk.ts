import { Fault } from "../../../core/fault.ts";
import { messageFromJson, messageToJson } from "../../../core/message.ts";
import { type Client, reasonOf } from "./client.ts";
import { DocumentEncoder, type Written } from "./document.ts";
import { ERROR_SENSOR, errorOf } from "./refused.ts";
import type { WriterParts } from "./writer-parts.ts";

/** A document on its way, and where it came from. */
export type Outgoing = Written & {
  readonly sensor: string;
  readonly arrival: number;
  readonly place: { readonly topic: string; readonly partition: number; readonly offset: number };
};

type Item = { readonly create: { readonly status: number; readonly error?: unknown } };

/** Statuses of a document: it is there already; it is at fault itself. All others are the server's own trouble. */
const STORED = 409;
const AT_FAULT: ReadonlySet<number> = new Set([400, 413]);
/** Characters of a request; in UTF-8 they are up to three times as many bytes. */
const MOST_TEXT = 16e6;
/** Characters of a refused message that its error record repeats. */
const MOST_REPEATED = 1_000_000;

/**
 * Stores documents, each once: one whose guid is stored already stays as it is, with what analysts changed of it. In place of one that
 * OpenSearch refuses its error record is stored.
 * @throws Fault when the server does not take documents for reasons that are not theirs
 */
export async function sendBulk(
  documents: readonly Outgoing[],
  parts: Pick<WriterParts, "client" | "names" | "owner" | "internal">,
): Promise<void> {
  for (const part of portions(documents)) await sendPortion(part, parts);
}

/** Documents by what one request may hold: a server takes 100 MB at the most. */
function* portions(documents: readonly Outgoing[]): Generator<readonly Outgoing[]> {
  let from = 0;
  let text = 0;
  for (const [place, { source }] of documents.entries()) {
    if (place > from && text + source.length > MOST_TEXT) {
      yield documents.slice(from, place);
      from = place;
      text = 0;
    }
    text += source.length;
  }
  if (from < documents.length) yield documents.slice(from);
}

async function sendPortion(
  documents: readonly Outgoing[],
  parts: Pick<WriterParts, "client" | "names" | "owner" | "internal">,
): Promise<void> {
  const refused = await sendInParts(documents, parts.client);
  if (refused.length === 0) return;
  const errors = new Map<string, Outgoing[]>();
  const encoder = new DocumentEncoder(parts.names);
  const replaced: Outgoing[] = [];
  const seen = new Map<string, number>();
  for (const { document, reason } of refused) {
    const { sensor, place, arrival, id, source } = document;
    if (sensor === ERROR_SENSOR)
      throw new Fault("INDEX_REFUSED", `OpenSearch refuses the error record ${id}: ${reason}`);
    const message = messageOfSource(source).slice(0, MOST_REPEATED);
    const error = errorOf({ sensor, guid: id, message, reason, ...place }, arrival);
    replaced.push({
      index: parts.names.index(ERROR_SENSOR, arrival, arrival),
      id: String(error.guid),
      source: encoder.encodeMessage(ERROR_SENSOR, error, arrival, undefined, () => true, seen),
      record: document.record,
      sensor: ERROR_SENSOR,
      arrival,
      place,
    });
    errors.set(sensor, [...(errors.get(sensor) ?? []), document]);
  }
  parts.owner.noted(ERROR_SENSOR, await parts.internal.addFields(ERROR_SENSOR, seen));
  const again = await sendInParts(replaced, parts.client);
  const [first] = again;
  if (first !== undefined)
    throw new Fault("INDEX_REFUSED", `OpenSearch refuses messages and their error records: ${first.reason}`);
  for (const [sensor, own] of errors) parts.owner.refused(sensor, own.length, refused[0]?.reason ?? "");
}

type RefusedDocument = { readonly document: Outgoing; readonly reason: string };

/** Sends documents, and where one of them spoils the whole request, each half by itself. */
async function sendInParts(documents: readonly Outgoing[], client: Client): Promise<RefusedDocument[]> {
  try {
    return await sendOnce(documents, client);
  } catch (error) {
    const { status, reason } = error instanceof Fault ? (error.details ?? {}) : {};
    if (typeof status !== "number" || !AT_FAULT.has(status)) throw error;
    const [first] = documents;
    if (documents.length === 1 && first !== undefined) return [{ document: first, reason: String(reason) }];
    const middle = documents.length >> 1;
    const halves = [documents.slice(0, middle), documents.slice(middle)];
    return [...(await sendInParts(halves[0] ?? [], client)), ...(await sendInParts(halves[1] ?? [], client))];
  }
}

/** Sends documents, and returns those that are at fault themselves. @throws Fault for the server's own trouble */
async function sendOnce(documents: readonly Outgoing[], client: Client): Promise<RefusedDocument[]> {
  let lines = "";
  for (const { index, id, source } of documents)
    lines += `{"create":{"_index":"${index}","_id":${JSON.stringify(id)}}}\n${source}\n`;
  const { body } = await client.ask("POST", "/_bulk?filter_path=errors,items.*.status,items.*.error", {
    lines,
  });
  if (body.errors !== true) return [];
  const refused: RefusedDocument[] = [];
  let trouble: Fault | undefined;
  for (const [place, { create }] of (body.items as Item[]).entries()) {
    const { status, error } = create;
    if (status < 300 || status === STORED) continue;
    const reason = reasonOf({ error }) ?? `status ${status}`;
    const document = documents[place];
    if (document !== undefined && AT_FAULT.has(status)) refused.push({ document, reason });
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

function messageOfSource(source: string): string {
  return messageToJson((messageFromJson(source) as { message: unknown }).message);
}
