import { Fault } from "../../../core/fault.ts";
import { type FieldValue, type Message, messageFromJson, messageToJson } from "../../../core/message.ts";
import type { History, Patch } from "../contract.ts";
import { withChange } from "../stored-patch.ts";
import { type Answer, type Client, LONG } from "./client.ts";
import { type DocumentMessage, documentOf, messageOf, type SeenFields } from "./document.ts";
import type { Internal } from "./internal.ts";
import type { Names } from "./names.ts";

/** Times that a change is made again because another process changed the message meanwhile. */
const MOST_TURNS = 20;
const UNCHANGEABLE = ["guid", "timestamp"];

/** A stored message with what is noted of it. */
export type Stored = {
  readonly message: Message;
  readonly history: History;
  readonly sensor: string;
  readonly time: number;
  readonly index: string;
  readonly version: string;
};

export type PatchParts = {
  readonly client: Client;
  readonly names: Names;
  readonly internal: Internal;
  readonly now: () => number;
  readonly noted: (sensor: string, seen: SeenFields) => void;
};

/**
 * Changes a stored message, unless somebody changed it since it was read: then it is read and changed again.
 * @throws Fault NOT_FOUND, REQUEST_INVALID, INDEX_REFUSED
 */
export async function patchMessage(
  parts: PatchParts,
  guid: string,
  change: Patch,
  by: string,
): Promise<Message> {
  const touched = [...Object.keys(change.set ?? {}), ...(change.remove ?? [])];
  const fixed = touched.find((field) => UNCHANGEABLE.includes(field));
  if (fixed !== undefined)
    throw new Fault("REQUEST_INVALID", `changing message ${guid}: ${fixed} cannot be changed`);
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const stored = await storedMessage(parts, guid);
    if (stored === undefined) throw new Fault("NOT_FOUND", `changing message ${guid}: there is none`);
    const message = { ...stored.message };
    const fields: Record<string, FieldValue> = {};
    for (const [field, value] of Object.entries(change.set ?? {})) {
      // Through JSON, as it is kept: what is returned is what is read later.
      fields[field] = message[field] = messageFromJson(messageToJson(value ?? null)) as FieldValue;
    }
    for (const field of change.remove ?? []) {
      delete message[field];
      fields[field] = null;
    }
    const history = withChange(stored.history, fields as Message, { by, at: parts.now() });
    if (await put(parts, { ...stored, message, history })) return message;
  }
  throw new Fault("SEARCH_BUSY", `changing message ${guid}: others keep changing it`);
}

/** The message of a guid; undefined when there is none. What was written must be searchable. */
export async function storedMessage(
  { client, names }: Pick<PatchParts, "client" | "names">,
  guid: string,
): Promise<Stored | undefined> {
  const { body } = await client.ask(
    "POST",
    `/${encodeURIComponent(names.pattern)}/_search?ignore_unavailable=true`,
    {
      body: { query: { term: { guid } }, size: 1, seq_no_primary_term: true },
    },
  );
  const [hit] = (body.hits as { hits: (Answer & { _source: Answer })[] }).hits;
  if (hit === undefined) return undefined;
  const { _source: source } = hit;
  return {
    message: messageOf(source as DocumentMessage),
    history: (source.history as History | undefined) ?? { changes: [], earlier: 0 },
    sensor: String(source.sensor),
    time: Number(source.time),
    index: String(hit._index),
    version: `if_seq_no=${hit._seq_no}&if_primary_term=${hit._primary_term}`,
  };
}

/** Stores a changed message, at once searchable. False when somebody else changed it first. */
async function put({ client, internal, noted }: PatchParts, stored: Stored): Promise<boolean> {
  const { sensor, message, time, history, index, version } = stored;
  const seen: SeenFields = new Map();
  const source = documentOf(sensor, message, time, history, seen);
  noted(sensor, await internal.addFields(sensor, seen));
  const path = `/${encodeURIComponent(index)}/_doc/${encodeURIComponent(String(message.guid))}`;
  const { status } = await client.ask("PUT", `${path}?${version}&refresh=true`, {
    json: source,
    expected: [409],
    time: LONG,
  });
  return status !== 409;
}
