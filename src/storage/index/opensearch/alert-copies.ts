import { Fault } from "../../../core/fault.ts";
import type { WholeMessage } from "../contract.ts";
import { type Answer, type Client, LONG, reasonOf } from "./client.ts";
import { documentOf, type SeenFields } from "./document.ts";
import type { CopiesNote, Internal } from "./internal.ts";
import { MOST_FIELDS } from "./mapping.ts";
import type { Names } from "./names.ts";
import { dayIndices, deleteBefore } from "./retention.ts";

/** Bytes of a request, and documents that are removed by one. */
const MOST_BYTES = 8e6;
const MOST_REMOVED = 1000;
/** Statuses of a document: a newer one is there; there is none; it is at fault itself. */
const NEWER = 409;
const GONE = 404;
const AT_FAULT: ReadonlySet<number> = new Set([400, 413]);

type CopiesParts = {
  readonly client: Client;
  readonly names: Names;
  readonly internal: Internal;
  /** Told of the fields of a sensor. */
  readonly noted: (sensor: string, seen: SeenFields) => void;
};

type Document = {
  readonly guid: string;
  readonly place: { readonly _index: string; readonly _id: string };
  readonly lines: string;
};

/**
 * Copies of messages that another index keeps, in the place of messages of OpenSearch's own. That index knows how they are; a copy is
 * replaced by one with as many changes or more, so that an older one that comes late changes nothing.
 */
export class AlertCopies {
  readonly #parts: CopiesParts;
  readonly #fields = new Map<string, SeenFields>();

  constructor(parts: CopiesParts) {
    this.#parts = parts;
  }

  /** The nodes, for messages. */
  get name(): string {
    return this.#parts.client.name;
  }

  /** Whose copies these are; undefined when nobody made any. */
  note(): Promise<CopiesNote | undefined> {
    return this.#parts.internal.copies();
  }

  putNote(note: CopiesNote): Promise<void> {
    return this.#parts.internal.putCopies(note);
  }

  /** How many messages there are. */
  async count(): Promise<number> {
    const days = await dayIndices(this.#parts.client, this.#parts.names);
    return days.reduce((sum, { messages }) => sum + messages, 0);
  }

  /**
   * Stores copies of a sensor's messages. They are found after `refresh`.
   * @returns why some were refused, by their guids @throws Fault
   */
  async put(sensor: string, messages: readonly WholeMessage[]): Promise<ReadonlyMap<string, string>> {
    const { internal, names, noted } = this.#parts;
    const known = this.#fields.get(sensor) ?? new Map(await internal.fields(sensor));
    this.#fields.set(sensor, known);
    const seen: SeenFields = new Map();
    // `seen` has known fields, too.
    let count = known.size;
    const isNamed = (field: string) => known.has(field) || seen.has(field) || count++ < MOST_FIELDS;
    const documents = messages.map((whole) => documentLines(sensor, whole, { names, seen, isNamed }));
    if ([...seen].some(([field, bits]) => ((known.get(field) ?? 0) | bits) !== known.get(field))) {
      const merged = await internal.addFields(sensor, seen);
      this.#fields.set(sensor, new Map(merged));
      noted(sensor, merged);
    }
    const refused = new Map<string, string>();
    for (const portion of portions(documents))
      for (const [guid, reason] of await this.#send(portion)) refused.set(guid, reason);
    return refused;
  }

  /** Takes copies away. Those that were just put must have been refreshed. */
  async remove(guids: readonly string[]): Promise<void> {
    const { client } = this.#parts;
    for (let from = 0; from < guids.length; from += MOST_REMOVED) {
      const query = { terms: { guid: guids.slice(from, from + MOST_REMOVED) } };
      // What part of the copies does not tell of would stay.
      const whole = "ignore_unavailable=true&allow_partial_search_results=false";
      const { body } = await client.ask("POST", `/${this.#pattern}/_search?${whole}`, {
        body: { query, size: MOST_REMOVED, version: true, _source: false },
      });
      const { hits } = body.hits as { hits: { _index: string; _id: string; _version: number }[] };
      if (hits.length === 0) continue;
      // With the version it has: of a higher one, what is copied again would count as older.
      const lines = hits.map(({ _index, _id, _version: version }) =>
        JSON.stringify({ delete: { _index, _id, version, version_type: "external_gte" } }),
      );
      const answer = await client.ask("POST", "/_bulk?refresh=true", {
        ...{ lines: `${lines.join("\n")}\n`, time: LONG },
      });
      const failed = (answer.body.items as Removal[]).find(
        ({ delete: { status } }) => status >= 300 && status !== NEWER && status !== GONE,
      );
      if (failed !== undefined)
        throw new Fault(
          "INDEX_UNREACHABLE",
          `OpenSearch at ${client.name} removes no documents (${failed.delete.status}): ${reasonOf(failed.delete) ?? "no reason"}`,
        );
    }
  }

  /** Makes what was put searchable. @throws Fault INDEX_UNREACHABLE when a shard does not do so */
  async refresh(): Promise<void> {
    const { client } = this.#parts;
    const { body } = await client.ask("POST", `/${this.#pattern}/_refresh?ignore_unavailable=true`);
    const { total = 0, failed = 0 } = (body._shards ?? {}) as { total?: number; failed?: number };
    if (failed > 0)
      throw new Fault(
        "INDEX_UNREACHABLE",
        `OpenSearch at ${client.name} makes copies searchable in ${total - failed} of ${total} shards alone`,
      );
  }

  /** Takes all copies away. */
  async clear(): Promise<void> {
    const { client } = this.#parts;
    const { body } = await client.ask(
      "GET",
      `/${this.#pattern}?ignore_unavailable=true&filter_path=*.aliases`,
    );
    // One by one: names together may be longer than a request's path.
    for (const name of Object.keys(body))
      await client.ask("DELETE", `/${encodeURIComponent(name)}`, { expected: [404], time: LONG });
  }

  /** Takes away all copies of sensors that are not named, and of the others those older than this. @param oldest epoch milliseconds */
  async trim(oldest: ReadonlyMap<string, number>): Promise<void> {
    const { client, names } = this.#parts;
    for (const { name, sensor, from, to } of await dayIndices(client, names)) {
      // Of these neither the message nor its guid tells the time: the files know another one.
      if (to === 0) continue;
      const least = oldest.get(sensor) ?? Number.POSITIVE_INFINITY;
      if (to < least)
        await client.ask("DELETE", `/${encodeURIComponent(name)}`, { expected: [404], time: LONG });
      else if (from < least) await deleteBefore(client, name, least);
    }
  }

  async #send(documents: readonly Document[]): Promise<Map<string, string>> {
    const { client } = this.#parts;
    const refused = new Map<string, string>();
    let items: readonly Item[];
    try {
      const lines = documents.map((document) => document.lines).join("");
      const { body } = await client.ask("POST", "/_bulk?filter_path=errors,items.*.status,items.*.error", {
        ...{ lines, time: LONG },
      });
      items = body.errors === true ? (body.items as Item[]) : [];
    } catch (error) {
      const { status, reason } = error instanceof Fault ? (error.details ?? {}) : {};
      const [first] = documents;
      if (typeof status !== "number" || !AT_FAULT.has(status) || first === undefined) throw error;
      if (documents.length === 1) return refused.set(first.guid, String(reason));
      // One of them spoils the whole request.
      const half = documents.length >> 1;
      for (const part of [documents.slice(0, half), documents.slice(half)])
        for (const [guid, why] of await this.#send(part)) refused.set(guid, why);
      return refused;
    }
    const older: Document[] = [];
    for (const [place, { index }] of items.entries()) {
      const { status, error } = index;
      const document = documents[place];
      if (status === NEWER && document !== undefined) older.push(document);
      if (status < 300 || status === NEWER) continue;
      const reason = reasonOf({ error }) ?? `status ${status}`;
      if (!AT_FAULT.has(status))
        throw new Fault(
          "INDEX_UNREACHABLE",
          `OpenSearch at ${client.name} takes no documents (${status}): ${reason}`,
        );
      refused.set(document?.guid ?? "", reason);
    }
    for (const { guid } of await this.#removed(older))
      refused.set(guid, "OpenSearch removed it within the last minute, and does not take it again before");
    return refused;
  }

  /** Those of documents that are older than what is there which are in truth older than what was removed a moment ago. */
  async #removed(documents: readonly Document[]): Promise<readonly Document[]> {
    if (documents.length === 0) return [];
    const { body } = await this.#parts.client.ask("POST", "/_mget?_source=false", {
      body: { docs: documents.map(({ place }) => place) },
    });
    const docs = body.docs as { found?: boolean }[];
    return documents.filter((_, at) => docs[at]?.found !== true);
  }

  get #pattern(): string {
    return encodeURIComponent(this.#parts.names.pattern);
  }
}

type Removal = { readonly delete: Answer & { readonly status: number } };
type Item = { readonly index: Answer & { readonly status: number } };

function* portions(documents: readonly Document[]): Generator<readonly Document[]> {
  let portion: Document[] = [];
  let size = 0;
  for (const document of documents) {
    if (portion.length > 0 && size + document.lines.length > MOST_BYTES) {
      yield portion;
      portion = [];
      size = 0;
    }
    portion.push(document);
    size += document.lines.length;
  }
  if (portion.length > 0) yield portion;
}

type LineParts = { names: Names; seen: SeenFields; isNamed: (field: string) => boolean };

function documentLines(
  sensor: string,
  { message, time, arrival, history }: WholeMessage,
  { names, seen, isNamed }: LineParts,
): Document {
  const guid = String(message.guid);
  const changes = (history?.earlier ?? 0) + (history?.changes.length ?? 0);
  const place = { _index: names.index(sensor, time, arrival), _id: guid };
  const action = { index: { ...place, version: changes + 1, version_type: "external_gte" } };
  const json = documentOf(sensor, message, time, history, seen, isNamed);
  return { guid, place, lines: `${JSON.stringify(action)}\n${json}\n` };
}
