import type { Context } from "../../core/context.ts";
import { measuredProfiles } from "../../profiles/measured.ts";
import { type PartitionParts, type PartitionState, ProfilePartition } from "../../profiles/partition.ts";
import { writeHeader } from "../../profiles/route-format.ts";
import { type Environment, makeEnvironment } from "../../stellar/run/environment.ts";
import type { TableReader } from "../../storage/table/contract.ts";
import type { TopicReader } from "../../storage/topic/contract.ts";
import { ENTITIES, PARTITIONS, PROFILE_GROUP, type ProfileRequest } from "./protocol.ts";

export type PartitionRunParts = Pick<PartitionParts, "profileOf" | "countsOf"> & {
  readonly topic: TopicReader;
  readonly partition: number;
  readonly environment: Environment;
  readonly context: Context;
  readonly table: TableReader;
  readonly ask: (request: ProfileRequest) => Promise<void>;
  /** Told when routes are counted. */
  readonly onRead: () => void;
};

/** How often it is looked whether something is to be stored, or a tick is due. */
const LOOK_EVERY = 250;
/** Milliseconds after which measurements are stored, and all else. */
const MEASURED_AFTER = 500;
const STORED_AFTER = 5_000;
/** Bytes that a checkpoint is to have about at the most, as far as can be told before: then it is one write of a table. */
const CHECKPOINT_BYTES = 4 << 20;
/** Bytes of a part of one that has more, when many periods end at once: a write of a table has 16 MB at the most. */
const PART_BYTES = 6 << 20;
/** What an entity takes, as long as none was stored. */
const ENTITY_BYTES = 512;

/** Counts the routes of one partition, from its last checkpoint on, until it is told to stop or something fails. */
export class PartitionRun {
  readonly #parts: PartitionRunParts;
  #counted: ProfilePartition | undefined;
  #turn: Promise<void> = Promise.resolve();
  #savedOffset = 0;
  #savedAt = performance.now();
  #bytesEach = ENTITY_BYTES;
  /** Whether all that there was has been read. */
  #isWaiting = false;
  #tickedFor = Number.NEGATIVE_INFINITY;

  constructor(parts: PartitionRunParts) {
    this.#parts = parts;
  }

  /** How many entities are live, by profile. */
  live(): ReadonlyMap<string, number> {
    return this.#counted?.liveByProfile() ?? new Map();
  }

  /** Resolves when the signal has aborted and what was counted is stored. Rejects when something fails: begin again, with another. */
  async read(signal: AbortSignal): Promise<void> {
    const { topic, partition, ask, onRead } = this.#parts;
    await ask({ do: "begin", partition });
    const counted = this.#load();
    this.#counted = counted;
    await this.#tellOlder(counted.offset);
    const start = await topic.start(partition);
    if (start > counted.offset)
      this.#parts.context.log.error("Routes of profiles were deleted before they were counted.", {
        partition,
        routes: start - counted.offset,
      });
    const from = Math.max(counted.offset, start);
    this.#savedOffset = counted.offset;
    const stop = new AbortController();
    let failure: unknown;
    const timer = setInterval(() => {
      this.#inTurn(() => this.#look(counted)).catch((error: unknown) => {
        failure ??= error;
        stop.abort();
      });
    }, LOOK_EVERY);
    try {
      const options = {
        signal: AbortSignal.any([signal, stop.signal]),
        onWaiting: () => {
          this.#isWaiting = true;
          onRead();
        },
      };
      for await (const { block, position } of topic.read(partition, from, options)) {
        this.#isWaiting = false;
        const next = position.offset + block.ends.length;
        await this.#inTurn(async () => {
          await counted.take(block, next);
          if (counted.unsaved * this.#bytesEach > CHECKPOINT_BYTES) await this.#save(counted);
        });
      }
    } finally {
      clearInterval(timer);
    }
    if (failure !== undefined) throw failure;
    await this.#inTurn(() => this.#save(counted));
  }

  /** Tells when what is stored is older than it was: a table that was lost, or is of a backup. What was counted between is not counted again. */
  async #tellOlder(stored: number): Promise<void> {
    const { topic, partition, context } = this.#parts;
    const committed = (await topic.committed(PROFILE_GROUP, partition)) ?? 0;
    if (stored >= committed) return;
    const sentence = "Profiles go on from an older checkpoint than the last.";
    context.log.error(sentence, { partition, stored, committed });
  }

  #load(): ProfilePartition {
    const { table, partition, environment, topic, context, profileOf, countsOf } = this.#parts;
    const state = stateIn(table, partition);
    const profiles = measuredProfiles(
      table,
      () => context.clock.now(),
      (key) => this.#counted?.measurement(key),
    );
    const prefix = `${partition}/`;
    function* entities(): Generator<readonly [string, Uint8Array]> {
      for (const { key, value } of table.range(ENTITIES, { prefix }))
        if (value instanceof Uint8Array) yield [key.slice(prefix.length), value];
    }
    const parts: PartitionParts = {
      ...{ profileOf, countsOf },
      environment: makeEnvironment({ ...environment, services: { ...environment.services, profiles } }),
      share: (most) => Math.ceil(most / topic.partitions),
      damaged: (records) =>
        context.log.warn("Records among the routes of profiles are none; they are passed over.", {
          records,
          partition,
        }),
    };
    return new ProfilePartition(parts, state, entities());
  }

  /** Stores what is to be stored by now, and has the clock go on where it is waited for. */
  async #look(counted: ProfilePartition): Promise<void> {
    const age = performance.now() - this.#savedAt;
    const isDue = counted.hasMeasured ? age >= MEASURED_AFTER : age >= STORED_AFTER;
    if (isDue && counted.offset > this.#savedOffset) await this.#save(counted);
    const now = this.#parts.context.clock.now();
    const { dueAt } = counted;
    // Where much waits to be read the clock of what waits counts. One tick is enough for what it is for.
    if (!this.#isWaiting || dueAt > now || dueAt === this.#tickedFor) return;
    this.#tickedFor = dueAt;
    const bytes = writeHeader({ at: now, profiles: [] });
    const { ask, partition } = this.#parts;
    await ask({ do: "append", partition, bytes, ends: Uint32Array.of(bytes.length), arrival: now });
  }

  async #save(counted: ProfilePartition): Promise<void> {
    const { ask, topic, partition } = this.#parts;
    if (counted.offset === this.#savedOffset) return;
    let [bytes, entities, staged] = [0, 0, 0];
    for await (const { state, ...part } of counted.checkpoint(PART_BYTES)) {
      for (const stored of part.entities.values()) bytes += (stored?.length ?? 0) + ENTITY_BYTES / 4;
      entities += part.entities.size;
      if (state === undefined) {
        await ask({ do: "stage", partition, number: staged, part });
        staged++;
        continue;
      }
      await ask({ do: "store", partition, checkpoint: { ...part, state }, staged });
      await topic.commit(PROFILE_GROUP, partition, state.offset);
      this.#savedOffset = state.offset;
      this.#savedAt = performance.now();
    }
    if (entities > 0) this.#bytesEach = Math.max(64, bytes / entities);
  }

  /**
   * Routes, checkpoints and ticks follow one another. After one that failed nothing does: what was counted may be half of a block, or
   * count as stored though it is not.
   */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work);
    this.#turn.catch(() => undefined);
    return this.#turn;
  }
}

/** What is stored of a partition. */
function stateIn(table: TableReader, partition: number): PartitionState | undefined {
  const stored = table.get(PARTITIONS, String(partition));
  return typeof stored === "string" ? (JSON.parse(stored) as PartitionState) : undefined;
}
