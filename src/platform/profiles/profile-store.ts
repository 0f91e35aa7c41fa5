import { profilesIn } from "../../config/profiles.ts";
import { blockOf } from "../../core/block.ts";
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { NO_PROFILES, type Profiles, profileKey, profileText } from "../../profiles/definition.ts";
import { expiryOf, MEASUREMENTS, PERIOD, SETTINGS } from "../../profiles/measurements.ts";
import type { Checkpoint } from "../../profiles/partition.ts";
import { PROFILER_SENSOR } from "../../profiles/triage-message.ts";
import type { Table, TableChange, TableValue } from "../../storage/table/contract.ts";
import type { Topic, TopicHandle, Topics } from "../../storage/topic/contract.ts";
import type { Intake } from "../intake.ts";
import type { DocumentText } from "../protocol.ts";
import {
  BEGUN,
  DEFINITIONS,
  PARTITIONS,
  PROFILE_GROUP,
  PROFILE_TOPIC,
  type ProfileRequest,
  TRIAGE,
} from "./protocol.ts";
import { changesOf, countsStaged, settleStaged, stage } from "./staging.ts";

/** Measurements looked at together for their expiry. */
const SWEEP_LOT = 1000;
/** Messages for triage that are sent together. */
const SEND_LOT = 500;
const GUID = /"guid":"([^"]+)"/g;

type StoreParts = {
  readonly topics: Topics;
  readonly context: Context;
  readonly intake: Pick<Intake, "deliver" | "topicOf">;
  readonly partitions: number;
  readonly retention: { readonly age: number; readonly bytes: number };
};

/** What workers need of profiles that only one thread may do: appends to the topic of routes, and writes to the table of profiles. */
export class ProfileStore implements AsyncDisposable {
  readonly #table: Table;
  readonly #parts: StoreParts;
  /** What is being stored of each partition. */
  readonly #storing = new Map<number, Promise<void>>();
  /** Partitions with messages for triage that no sensor took. */
  readonly #unsent = new Set<number>();
  #topic: Topic | undefined;
  #unread: Fault | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(table: Table, parts: StoreParts) {
    this.#table = table;
    this.#parts = parts;
  }

  /** What workers read the topic of routes by; undefined as long as there were never any profiles. */
  handle(): TopicHandle | undefined {
    return this.#topic?.share();
  }

  /** What keeps profiles from being read, or routes from being appended, if anything does. */
  get fault(): Fault | undefined {
    return this.#unread ?? this.#topic?.fault;
  }

  /** Makes the profiles of a document known to whoever reads routes, before there are any, and to whoever asks for measurements. */
  async configure({ text }: DocumentText): Promise<void> {
    const { topics, partitions, retention } = this.#parts;
    const { settings, profiles } = this.#read(text);
    const isNew = this.#topic === undefined && !(await topics.list()).includes(PROFILE_TOPIC);
    if (profiles.length === 0 && isNew) return;
    if (this.#topic === undefined) {
      const topic = await topics.topic(PROFILE_TOPIC, { partitions, retention });
      await topic.hold(PROFILE_GROUP);
      this.#topic = topic;
    }
    const changes = profiles.flatMap((profile): TableChange[] => {
      const value = profileText({ settings, profile });
      const key = profileKey(value);
      return this.#table.get(DEFINITIONS, key) === value ? [] : [{ type: DEFINITIONS, key, value }];
    });
    const period = profiles.length === 0 ? undefined : settings.period;
    if (this.#table.get(SETTINGS, PERIOD) !== period)
      changes.push({ type: SETTINGS, key: PERIOD, value: period });
    if (changes.length > 0) await this.#table.write(changes);
    if (this.#parts.intake.topicOf(PROFILER_SENSOR) === undefined) return;
    for (const partition of [...this.#unsent])
      try {
        this.#unsent.delete(partition);
        await this.#sendLeft(partition);
      } catch (error) {
        // The next publish tries again: documents take effect whatever becomes of messages.
        this.#unsent.add(partition);
        const sentence = "Messages for triage that waited could not be sent and wait on.";
        this.#parts.context.log.error(sentence, { partition, error: (error as Error).message });
      }
  }

  /** The profiles of a document. What another version published may be none here; then there are none, and it is told. */
  #read(text: string): Profiles {
    this.#unread = undefined;
    try {
      return profilesIn(text);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#unread = error;
      return NO_PROFILES;
    }
  }

  /** Does what a worker asks for. */
  async serve(request: ProfileRequest): Promise<void> {
    switch (request.do) {
      case "append": {
        const { partition, bytes, ends, arrival } = request;
        if (this.#topic === undefined) throw new Fault("PROFILES_STOPPED", "there is no topic of routes");
        await this.#topic.append(partition, { bytes, ends, arrival });
        return;
      }
      case "begin":
        // A worker that died may have asked for something that is still being done.
        await this.#storing.get(request.partition)?.catch(() => undefined);
        return this.#begin(request.partition);
      case "stage": {
        const { partition, number, part } = request;
        const ends = part.triage.length === 0 ? [] : await this.#triageEnds();
        return stage(this.#table, partition, number, changesOf(partition, part, ends));
      }
      case "store": {
        const { partition, checkpoint, staged } = request;
        const stored = this.#store(partition, checkpoint, staged);
        this.#storing.set(partition, stored);
        return stored;
      }
    }
  }

  /** Removes measurements that have expired. */
  sweep(): Promise<void> {
    this.#sweeping = this.#sweeping
      .then(() => this.#sweep())
      .catch((error: Error) => {
        this.#parts.context.log.warn("Expired measurements are removed later.", { error: error.message });
      });
    return this.#sweeping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sweeping;
    await Promise.allSettled(this.#storing.values());
    await this.#topic?.[Symbol.asyncDispose]();
  }

  /** Finishes what the owner before has stored last, wherever it ran. */
  async #begin(partition: number): Promise<void> {
    // Once it is readable here, so is all that was written before it.
    await this.#table.put(BEGUN, String(partition), this.#parts.context.clock.now());
    await settleStaged(this.#table, partition);
    await this.#sendLeft(partition);
  }

  async #store(partition: number, { state, ...part }: Checkpoint, staged: number): Promise<void> {
    const { triage } = part;
    const ends = triage.length === 0 ? [] : await this.#triageEnds();
    await this.#table.write([
      { type: PARTITIONS, key: String(partition), value: JSON.stringify(state) },
      ...countsStaged(partition, staged),
      ...changesOf(partition, part, ends),
    ]);
    if (triage.length > 0) await this.#send(partition, triage);
    if (staged === 0) return;
    await settleStaged(this.#table, partition);
    await this.#sendLeft(partition);
  }

  /** Sends what goes to triage, and forgets it then. */
  async #send(partition: number, messages: Checkpoint["triage"]): Promise<void> {
    const { intake, context } = this.#parts;
    for (let from = 0; from < messages.length; from += SEND_LOT) {
      const lot = messages.slice(from, from + SEND_LOT);
      const block = blockOf(
        lot.map(({ json }) => `${json}\n`),
        context.clock.now(),
      );
      try {
        await intake.deliver(PROFILER_SENSOR, block);
      } catch (error) {
        if (!(error instanceof Fault && error.code === "SENSOR_UNKNOWN")) throw error;
        // No profile sends anything to triage any more. What was to be sent stays until one does, and keeps nothing from being counted.
        this.#unsent.add(partition);
        const sentence = "Messages for triage wait for the sensor `profiler`; publish a document for it.";
        context.log.error(sentence, { partition, messages: messages.length - from });
        return;
      }
      await this.#table.write(lot.map(({ guid }) => ({ type: TRIAGE, key: `${partition}/${guid}` })));
    }
  }

  /** Sends what was stored to be sent when the process ended, but what had reached its topic. */
  async #sendLeft(partition: number): Promise<void> {
    const left = new Map<string, string>();
    let from: readonly number[] | undefined;
    for (const { key, value } of this.#table.range(TRIAGE, { prefix: `${partition}/` })) {
      const { ends, json } = JSON.parse(String(value)) as { ends: number[]; json: string };
      left.set(key.slice(key.indexOf("/") + 1), json);
      // Where the sensor was not there yet, its topic is read from the beginning.
      from = (from ?? ends).map((end, index) => Math.min(end, ends[index] ?? 0));
    }
    if (from === undefined) return;
    const sent = await this.#sentSince(from, left);
    const missing = [...left].filter(([guid]) => !sent.has(guid)).map(([guid, json]) => ({ guid, json }));
    if (missing.length > 0) await this.#send(partition, missing);
    if (sent.size > 0)
      await this.#table.write([...sent].map((guid) => ({ type: TRIAGE, key: `${partition}/${guid}` })));
  }

  /** Which of some messages the topic of the sensor has, from some offsets on. */
  async #sentSince(from: readonly number[], left: ReadonlyMap<string, string>): Promise<ReadonlySet<string>> {
    const sent = new Set<string>();
    const topic = this.#parts.intake.topicOf(PROFILER_SENSOR);
    for (let partition = 0; partition < (topic?.partitions ?? 0); partition++)
      for await (const { block } of topic?.read(partition, from[partition] ?? 0, { follow: false }) ?? []) {
        const text = Buffer.from(block.bytes).toString();
        for (const [, guid = ""] of text.matchAll(GUID)) if (left.has(guid)) sent.add(guid);
      }
    return sent;
  }

  async #triageEnds(): Promise<number[]> {
    const topic = this.#parts.intake.topicOf(PROFILER_SENSOR);
    if (topic === undefined) return [];
    return Promise.all(Array.from({ length: topic.partitions }, (_, partition) => topic.end(partition)));
  }

  async #sweep(): Promise<void> {
    const now = this.#parts.context.clock.now();
    let from: string | undefined;
    for (;;) {
      const lot = [...this.#table.range(MEASUREMENTS, { from, limit: SWEEP_LOT })];
      const gone = lot.filter(({ value }) => hasExpired(value, now));
      if (gone.length > 0) await this.#table.write(gone.map(({ key }) => ({ type: MEASUREMENTS, key })));
      const last = lot.at(-1);
      if (last === undefined || lot.length < SWEEP_LOT) return;
      from = `${last.key}\0`;
      await new Promise(setImmediate);
    }
  }
}

/** What cannot be read is not removed: somebody may want to know what it was. */
function hasExpired(value: TableValue, now: number): boolean {
  try {
    return value instanceof Uint8Array && expiryOf(value) <= now;
  } catch {
    return false;
  }
}
