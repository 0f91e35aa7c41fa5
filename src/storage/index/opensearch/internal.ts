import { Fault } from "../../../core/fault.ts";
import { emptyMessage } from "../../../core/message.ts";
import type { Answer, Client } from "./client.ts";
import type { SeenFields } from "./document.ts";
import type { Names } from "./names.ts";

/** Sensors whose fields are read at a time. */
const MOST_SENSORS = 10_000;
/** Times that a note is written again because another process wrote it meanwhile. */
const MOST_TURNS = 20;

/** The fields of a sensor, with the types they were seen with (bits of `SEEN_TYPES`). */
export type SensorNote = { readonly sensor: string; readonly fields: SeenFields };

/** Whose copies of messages there are, and of which state of their index. */
export type CopiesNote = { readonly owner: string; readonly generation: string };

const COPIES = "copies";

/** What the platform notes for itself in an index of its own: how far topics were read, and the fields of each sensor. */
export class Internal {
  readonly #client: Client;
  readonly #index: string;

  constructor(client: Client, names: Names) {
    this.#client = client;
    this.#index = names.internal;
  }

  /**
   * Up to where a partition's messages are stored; undefined when none are.
   * @param key its `positionKey` @param time how long to wait for it, milliseconds
   */
  async position(key: string, time?: number): Promise<number | undefined> {
    const { body } = await this.#client.ask("GET", this.#path(`position/${key}`), { expected: [404], time });
    const offset = noteOf(body)?.offset;
    return typeof offset === "number" ? offset : undefined;
  }

  /** Notes how far partitions are stored. A note never goes back: a writer that was replaced may still be on its way. */
  async putPositions(positions: ReadonlyMap<string, number>): Promise<void> {
    if (positions.size === 0) return;
    const lines = [...positions].map(([key, offset]) => {
      const action = { _id: `position/${key}`, version: offset, version_type: "external_gte" };
      return `${JSON.stringify({ index: action })}\n${JSON.stringify({ kind: "position", note: { key, offset } })}\n`;
    });
    const { body } = await this.#client.ask("POST", `/${this.#index}/_bulk`, { lines: lines.join("") });
    for (const item of (body.items as { index: { status: number; error?: unknown } }[]) ?? [])
      if (item.index.status >= 300 && item.index.status !== 409)
        throw new Fault("INDEX_UNREACHABLE", `OpenSearch did not take a position (${item.index.status})`);
  }

  /** The fields of a sensor; none when nothing of it was written. @param time how long to wait for them, milliseconds */
  async fields(sensor: string, time?: number): Promise<SeenFields> {
    return (await this.#fields(sensor, time)).fields;
  }

  /** Adds fields to those of a sensor. */
  async addFields(sensor: string, seen: SeenFields): Promise<SeenFields> {
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const { fields, version } = await this.#fields(sensor);
      const merged = new Map(fields);
      for (const [field, bits] of seen) merged.set(field, (merged.get(field) ?? 0) | bits);
      if (merged.size === fields.size && [...merged].every(([field, bits]) => fields.get(field) === bits))
        return merged;
      const note = { sensor, fields: Object.assign(emptyMessage(), Object.fromEntries(merged)) };
      const { status } = await this.#client.ask("PUT", this.#path(`fields/${sensor}`, version), {
        body: { kind: "fields", note },
        expected: [409],
      });
      if (status !== 409) return merged;
    }
    throw new Fault("SEARCH_BUSY", `noting fields of sensor ${sensor}: others keep changing the note`);
  }

  /** The fields of all sensors, as far as they are searchable. */
  async sensors(): Promise<SensorNote[]> {
    await this.#client.ask("POST", `/${this.#index}/_refresh`);
    const { body } = await this.#client.ask("POST", `/${this.#index}/_search`, {
      body: { query: { term: { kind: "fields" } }, size: MOST_SENSORS },
    });
    const { hits } = body.hits as { hits: { _source: Answer }[] };
    return hits.flatMap(({ _source }) => {
      const note = _source.note as Answer | undefined;
      return typeof note?.sensor === "string" ? [{ sensor: note.sensor, fields: seenOf(note) }] : [];
    });
  }

  /** Whose copies of messages there are; undefined when the messages are no copies. */
  async copies(): Promise<CopiesNote | undefined> {
    const { body } = await this.#client.ask("GET", this.#path(COPIES), { expected: [404] });
    const { owner, generation } = noteOf(body) ?? {};
    return typeof owner === "string" ? { owner, generation: String(generation) } : undefined;
  }

  async putCopies(note: CopiesNote): Promise<void> {
    await this.#client.ask("PUT", this.#path(COPIES), {
      ...{ body: { kind: COPIES, note }, isRepeatable: true },
    });
  }

  async #fields(sensor: string, time?: number): Promise<{ fields: SeenFields; version: string }> {
    const { body } = await this.#client.ask("GET", this.#path(`fields/${sensor}`), { expected: [404], time });
    const note = noteOf(body);
    const version =
      body.found === true
        ? `if_seq_no=${body._seq_no}&if_primary_term=${body._primary_term}`
        : "op_type=create";
    return { fields: note === undefined ? new Map() : seenOf(note), version };
  }

  #path(id: string, parameters = ""): string {
    return `/${this.#index}/_doc/${encodeURIComponent(id)}${parameters === "" ? "" : `?${parameters}`}`;
  }
}

function noteOf({ _source }: Answer): Answer | undefined {
  return (_source as { note?: Answer } | undefined)?.note;
}

function seenOf({ fields }: Answer): SeenFields {
  return new Map(Object.entries((fields ?? {}) as Record<string, number>));
}
