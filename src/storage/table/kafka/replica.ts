import { asBinary, type Database } from "lmdb";
import type { Context } from "../../../core/context.ts";
import { type FetchedBatches, inBatch, type PartitionFetching } from "../../kafka/fetching.ts";
import { type KeyedPlace, takeKeyed } from "../../kafka/keyed-batch.ts";
import { EntryStore } from "../entry-store.ts";
import { storedKey, type TypeFacts } from "../namespaces.ts";
import {
  FIRST,
  type Generation,
  type GenerationState,
  isLater,
  stateOf,
  subjectOf,
  versionOf,
} from "./log-record.ts";

/** How far the topic has been applied. */
export type Applied = {
  /** Kafka's identity of the topic. */
  readonly topicId: string;
  /** Offset of the first record that has not been applied. */
  readonly next: number;
  /** When the brokers last said that there is nothing more, or something, epoch milliseconds. */
  readonly heardAt: number;
};

/** What is known of one generation: where its entries are, 0 while it has none, and how far it is. */
type Known = { readonly namespace: number; readonly state: GenerationState };

/** Records that are applied in one transaction, unless one batch has more: a turn of the event loop lasts about so long. */
const TURN_RECORDS = 8_192;
const APPLIED = "applied";

/**
 * The copy of a table's topic in a file of this machine. All records of a batch are applied in one transaction, and with them how far the
 * topic was read, so that a process that dies goes on where it was. Every generation has a namespace of its own; a type refers to that
 * of its latest whole one.
 */
export class Replica {
  readonly store: EntryStore;
  readonly #generations: Database<Known, [type: string, generation: string]>;
  readonly #log: Database<Applied, string>;
  readonly #context: Context;
  readonly #known = new Map<string, Map<Generation, Known>>();
  #facts = new Map<string, TypeFacts>();
  #lastNamespace = 0;
  #applied: Applied | undefined;
  /** Types whose facts are to be stored with the next commit. */
  readonly #changed = new Set<string>();
  #isVisible = false;
  /** Records that none of ours can have written; they are passed over. */
  #foreign = 0;

  /** @throws Fault STORAGE_CORRUPT, FOLDER_UNWRITABLE */
  constructor(name: string, path: string, context: Context) {
    this.store = new EntryStore(name, path, context);
    const { root } = this.store.file;
    this.#generations = root.openDB({ name: "generations" });
    this.#log = root.openDB({ name: "log" });
    this.#context = context;
    this.recall();
  }

  /** What has been applied; undefined for a new file. */
  get applied(): Applied | undefined {
    return this.#applied;
  }

  /** Where the next fetch begins. */
  get next(): number {
    return this.#applied?.next ?? 0;
  }

  /** Takes as known what the file says: at the start, and when a transaction was refused. */
  recall(): void {
    this.#facts = this.store.facts();
    this.#known.clear();
    this.#changed.clear();
    this.#isVisible = false;
    this.#lastNamespace = this.store.lastNamespace();
    for (const { key, value } of this.#generations.getRange({})) {
      this.#knownOf(key[0]).set(key[1], value);
      this.#lastNamespace = Math.max(this.#lastNamespace, value.namespace);
    }
    this.#applied = this.#log.get(APPLIED);
  }

  /** The generation of a type that its readers see. */
  liveOf(type: string): Generation {
    let live = FIRST;
    for (const [generation, { state }] of this.#known.get(type) ?? [])
      if (state !== "draft" && isLater(generation, live)) live = generation;
    return live;
  }

  versionOf(type: string): number {
    return this.#facts.get(type)?.version ?? 0;
  }

  /** Whether a type holds a list, be it an empty one. */
  has(type: string): boolean {
    return (this.#facts.get(type)?.namespace ?? 0) !== 0;
  }

  generationsOf(type: string): Iterable<Generation> {
    return this.#known.get(type)?.keys() ?? [];
  }

  /** The generations of a type that nobody reads any more, nor will: what is before the one that is read. */
  deadOf(type: string): readonly Generation[] {
    const live = this.liveOf(type);
    return [...this.generationsOf(type)].filter((generation) => isLater(live, generation));
  }

  /** Keys of a generation's entries; at most the number given. */
  keysOf(type: string, generation: Generation, most: number): readonly Uint8Array[] {
    const namespace = this.#known.get(type)?.get(generation)?.namespace ?? 0;
    return namespace === 0 ? [] : this.store.keysOf(namespace, most);
  }

  /** Notes which topic this is a copy of. */
  async adopt(topicId: string): Promise<void> {
    await this.#commit({ topicId, next: 0, heardAt: this.#context.clock.now() });
  }

  /** Notes that the brokers were heard, though they had nothing new. */
  async heard(): Promise<void> {
    if (this.#applied !== undefined)
      await this.#commit({ ...this.#applied, heardAt: this.#context.clock.now() });
  }

  /**
   * Applies what was fetched.
   * @throws Fault STORAGE_CORRUPT, DISK_FULL, FOLDER_UNWRITABLE; `recall` before what comes next
   */
  async apply({ bytes, places, from, next }: FetchedBatches, fetching: PartitionFetching): Promise<void> {
    const { topicId } = fetching;
    let staged = 0;
    for (const { at, header } of places) {
      inBatch(fetching, header.first, () =>
        takeKeyed(bytes, at, header, from, (place) => {
          this.#take(place);
          staged++;
        }),
      );
      if (staged < TURN_RECORDS || header.next >= next) continue;
      await this.#commit({ topicId, next: header.next, heardAt: this.#context.clock.now() });
      staged = 0;
    }
    if (next > this.next) await this.#commit({ topicId, next, heardAt: this.#context.clock.now() });
  }

  /** Keeps the filter; the file is the reader's to close. */
  close(): Promise<void> {
    return this.store.saveFilter();
  }

  #take(place: Readonly<KeyedPlace>): void {
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = place;
    const value = valueEnd < 0 ? undefined : bytes.subarray(valueStart, valueEnd);
    try {
      const subject = subjectOf(bytes, keyStart, keyEnd);
      const { type } = subject;
      if (subject.kind === "version") this.#grow(type, value === undefined ? 0 : versionOf(value));
      else if (subject.kind === "generation") this.#stand(type, subject.generation, value);
      else this.#enter(type, subject.generation, bytes.subarray(subject.start, keyEnd), value);
    } catch (error) {
      if (this.#foreign++ > 0) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#context.log.warn("The topic of a table has records of somebody else; they are passed over.", {
        ...{ table: this.store.handle.name, offset: place.offset, reason },
      });
    }
  }

  /** A writer that did not know of the last change may say too small a version; it grows all the same. */
  #grow(type: string, said: number): void {
    const { namespace = 0, version = 0 } = this.#facts.get(type) ?? {};
    this.#facts.set(type, { namespace, version: Math.max(version + 1, said) });
    this.#changed.add(type);
    this.#isVisible = true;
  }

  #stand(type: string, generation: Generation, value: Buffer | undefined): void {
    const known = this.#knownOf(type);
    const { namespace } = known.get(generation) ?? { namespace: 0 };
    if (value === undefined) {
      if (generation === this.liveOf(type)) return;
      known.delete(generation);
      this.store.removeBeside(this.#generations, [type, generation]);
      return;
    }
    const state = stateOf(value);
    this.#keep(type, generation, {
      state,
      namespace: state === "whole" && namespace === 0 ? ++this.#lastNamespace : namespace,
    });
  }

  #enter(type: string, generation: Generation, key: Buffer, value: Buffer | undefined): void {
    const found = this.#knownOf(type).get(generation);
    let namespace = found?.namespace ?? 0;
    if (value === undefined) {
      if (namespace !== 0) this.store.remove(storedKey(namespace, key));
      return;
    }
    if (namespace === 0) {
      namespace = ++this.#lastNamespace;
      const state = found?.state ?? (generation === FIRST ? "whole" : "draft");
      this.#keep(type, generation, { namespace, state });
    }
    this.store.put(storedKey(namespace, key), asBinary(value));
  }

  /** Stores what is known of a generation, and has the type refer to it when it is the one that is read. */
  #keep(type: string, generation: Generation, known: Known): void {
    this.#knownOf(type).set(generation, known);
    this.store.putBeside(this.#generations, [type, generation], known);
    if (generation !== this.liveOf(type)) return;
    this.#facts.set(type, { namespace: known.namespace, version: this.versionOf(type) });
    this.#changed.add(type);
    this.#isVisible = true;
  }

  #knownOf(type: string): Map<Generation, Known> {
    const found = this.#known.get(type) ?? new Map<Generation, Known>();
    this.#known.set(type, found);
    return found;
  }

  async #commit(applied: Applied): Promise<void> {
    for (const type of this.#changed) {
      const facts = this.#facts.get(type);
      if (facts !== undefined) this.store.putFacts(type, facts);
    }
    this.store.putBeside(this.#log, APPLIED, applied);
    const isVisible = this.#isVisible;
    this.#changed.clear();
    this.#isVisible = false;
    await this.store.commit(isVisible);
    this.#applied = applied;
  }
}
