/** A table whose entries are in a compacted topic of Kafka, and in a copy of it on this machine. */
import { randomUUID } from "node:crypto";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import type { Cluster, Wire } from "../../kafka/cluster.ts";
import type { KeyedRecord } from "../../kafka/keyed-batch.ts";
import { LogFollower } from "../../kafka/log-follower.ts";
import { PartitionWriter } from "../../kafka/partition-writer.ts";
import type { Table, TableChange, TableHandle, TableKey, TableValue } from "../contract.ts";
import { LmdbTableReader } from "../lmdb-reader.ts";
import { type Entries, type Lot, lotsOf } from "../lots.ts";
import { keyBytes } from "../namespaces.ts";
import {
  encodeValue,
  entryPrefix,
  entryRecord,
  type Generation,
  type GenerationState,
  generationAfter,
  generationRecord,
} from "./log-record.ts";
import type { Replica } from "./replica.ts";
import { type Write, WriteQueue } from "./write-queue.ts";

export type KafkaTableOptions = {
  readonly name: string;
  readonly cluster: Cluster;
  readonly wire: Wire;
  readonly topic: string;
  readonly topicId: string;
  readonly replica: Replica;
  readonly context: Context;
  /** Milliseconds after which brokers may have forgotten that an entry was removed. */
  readonly forgets: number;
  /** Why the topic cannot be followed: then the copy is read as it is, and nothing is written. */
  readonly lost: Fault | undefined;
};

/** Bytes of one write, which is one batch. Lists may have any size, as they are loaded in parts. */
const WRITE_BYTES = 16 * 1024 * 1024;
/** Bytes of a record beside its key and value, about. */
const RECORD_BYTES = 16;
const CLEAN_ENTRIES = 8_192;

type Part = { readonly type: string; readonly key: TableKey; readonly value: Buffer | null };

export class KafkaTable extends LmdbTableReader implements Table {
  readonly #options: KafkaTableOptions;
  readonly #replica: Replica;
  readonly #follower: LogFollower | undefined;
  readonly #writer: PartitionWriter;
  readonly #queue: WriteQueue;
  /** Part of the names of the generations that are written here. */
  readonly #id = randomUUID().slice(0, 8);
  #closed: Promise<void> | undefined;

  /** Opens a table; resolves when it holds all that its topic held at that moment. @throws Fault KAFKA_UNREACHABLE, KAFKA_REFUSED */
  static async open(options: KafkaTableOptions): Promise<KafkaTable> {
    const table = new KafkaTable(options);
    try {
      await table.#follower?.caughtUp();
      return table;
    } catch (error) {
      await table[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: KafkaTableOptions) {
    const { name, cluster, wire, topic, topicId, replica, context, forgets, lost } = options;
    super(replica.store.handle, replica.store.file);
    this.#options = options;
    this.#replica = replica;
    const copy = {
      what: `table ${name}`,
      next: () => replica.next,
      apply: replica.apply.bind(replica),
      recall: () => replica.recall(),
      heard: () => replica.heard(),
      forgets,
    };
    this.#follower =
      lost === undefined ? new LogFollower({ cluster, topic, topicId, copy, context }) : undefined;
    this.#writer = new PartitionWriter({ cluster, wire, context, topic, partition: 0 });
    const applied = (offset: number) => this.#follower?.applied(offset) ?? Promise.reject(lost);
    const { compression } = cluster.settings;
    this.#queue = new WriteQueue({ replica, writer: this.#writer, compression, context, applied });
  }

  get fault(): Fault | undefined {
    return this.#options.lost ?? this.#follower?.fault;
  }

  put(type: string, key: TableKey, value: TableValue): Promise<void> {
    return this.write([{ type, key, value }]);
  }

  async delete(type: string, key: TableKey): Promise<boolean> {
    const had = this.get(type, key) !== undefined;
    if (had) await this.write([{ type, key }]);
    return had;
  }

  async write(changes: readonly TableChange[]): Promise<void> {
    const parts = changes.map(({ type, key, value }): Part => {
      keyBytes(key);
      return { type, key, value: value === undefined ? null : encodeValue(value) };
    });
    const bytes = bytesOf(parts);
    if (bytes > WRITE_BYTES)
      throw new Fault(
        "TOO_LARGE",
        `writing table ${this.name}: ${bytes} bytes at once, more than ${WRITE_BYTES}`,
      );
    if (parts.length > 0) await this.#write(changeOf(parts, bytes));
  }

  async load(
    type: string,
    entries: Entries,
    options: { readonly replace?: boolean | undefined } = {},
  ): Promise<number> {
    if (options.replace) return this.#replace(type, entries);
    return this.#sendLots(entries, (lot) => {
      const parts = partsOf(type, lot);
      return this.#write(changeOf(parts, bytesOf(parts)));
    });
  }

  /** Writes entries under a generation that nobody reads, then has everybody read it. */
  async #replace(type: string, entries: Entries): Promise<number> {
    const generation = generationAfter(
      [this.#replica.liveOf(type), ...this.#replica.generationsOf(type)],
      this.#id,
    );
    await this.#write(this.#marking(type, generation, "draft"));
    let count: number;
    try {
      count = await this.#sendLots(entries, (lot) => {
        const parts = partsOf(type, lot);
        const prefix = entryPrefix(type, generation);
        return this.#write({
          ...{ records: lot.length, bytes: bytesOf(parts), types: [], into: [] },
          build: () => parts.map(({ key, value }) => entryRecord(prefix, key, value)),
        });
      });
    } catch (error) {
      await this.#clean(type, generation);
      throw error;
    }
    await this.#write(this.#marking(type, generation, "whole"));
    await this.#cleanBefore(type);
    return count;
  }

  async clear(type: string): Promise<void> {
    if (!this.#replica.has(type)) return;
    const known = [this.#replica.liveOf(type), ...this.#replica.generationsOf(type)];
    await this.#write(this.#marking(type, generationAfter(known, this.#id), "cleared"));
    await this.#cleanBefore(type);
  }

  share(): TableHandle {
    return this.#replica.store.handle;
  }

  override [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // Sends what waits, or rejects it with what keeps it waiting.
    await this.#writer.close();
    this.#queue.giveUp(this.fault ?? new Error(`table ${this.name} was closed`));
    await this.#follower?.[Symbol.asyncDispose]();
    await this.#queue.idle();
    await this.#replica.close();
    await super[Symbol.asyncDispose]();
  }

  /** Refused at once while the table is stale: who waits for an answer is better told. What is on its way waits. */
  async #write(write: Write): Promise<void> {
    if (this.#closed !== undefined) throw new Error(`table ${this.name} was closed`);
    const { fault } = this;
    if (fault !== undefined) throw fault;
    await this.#queue.write(write);
  }

  /** Sends lot after lot; the next one is read while one is on its way. */
  async #sendLots(entries: Entries, send: (lot: Lot) => Promise<void>): Promise<number> {
    let count = 0;
    let sending: Promise<void> = Promise.resolve();
    for await (const lot of lotsOf(entries)) {
      await sending;
      sending = send(lot);
      sending.catch(() => undefined);
      count += lot.length;
    }
    await sending;
    return count;
  }

  #marking(type: string, generation: Generation, state: GenerationState): Write {
    const at = this.#options.context.clock.now();
    return {
      ...{ records: 1, bytes: RECORD_BYTES, types: state === "draft" ? [] : [type], into: [] },
      build: () => [generationRecord(type, generation, { state, at })],
    };
  }

  /** Removes what is before the list that is read: the one before, and what writers left that died while they wrote. */
  async #cleanBefore(type: string): Promise<void> {
    for (const generation of this.#replica.deadOf(type)) await this.#clean(type, generation);
  }

  async #clean(type: string, generation: Generation): Promise<void> {
    const prefix = entryPrefix(type, generation);
    const remove = (records: readonly KeyedRecord[]) =>
      this.#write({
        ...{ records: records.length, bytes: 0, types: [], into: [] },
        build: () => records,
      });
    for (;;) {
      const keys = this.#replica.keysOf(type, generation, CLEAN_ENTRIES);
      if (keys.length === 0) break;
      await remove(keys.map((key) => entryRecord(prefix, key, null)));
    }
    await remove([generationRecord(type, generation, null)]);
  }
}

/** A change of entries of the lists that are read. */
function changeOf(parts: readonly Part[], bytes: number): Write {
  const types = [...new Set(parts.map(({ type }) => type))];
  return {
    ...{ records: parts.length, bytes, types, into: types },
    build(liveOf) {
      const prefixes = new Map(types.map((type) => [type, entryPrefix(type, liveOf(type))]));
      return parts.map(({ type, key, value }) => entryRecord(prefixes.get(type) ?? "", key, value));
    },
  };
}

function partsOf(type: string, lot: Lot): readonly Part[] {
  return lot.map(([key, value]) => {
    keyBytes(key);
    return { type, key, value: encodeValue(value) };
  });
}

function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0) + RECORD_BYTES, 0);
}
