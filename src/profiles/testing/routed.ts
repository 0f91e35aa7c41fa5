/** Messages through routers and partitions, without topics and tables in between. */

import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import type { Message } from "../../core/message.ts";
import { type Environment, makeEnvironment } from "../../stellar/run/environment.ts";
import { toMessage } from "../../stellar/values/value.ts";
import { emptyProfileCounts, type ProfileCounts } from "../counts.ts";
import { type Profiles, profileKey, profileText, type RunningProfile } from "../definition.ts";
import { measuredValue } from "../measurements.ts";
import { type PartitionState, ProfilePartition } from "../partition.ts";
import { writeHeader } from "../route-format.ts";
import { type Routed, Router } from "../router.ts";

/** Profiles over one partition of routes. Its clock stands until it is set. */
export class Profiled {
  readonly counts = new Map<string, ProfileCounts>();
  /** All that was routed so far: what a topic would hold. */
  readonly log: Routed["block"][] = [];
  readonly measured: Record<string, unknown> = {};
  readonly triage: Record<string, unknown>[] = [];
  now = 0;
  partition: ProfilePartition;
  readonly #definitions = new Map<string, RunningProfile>();
  /** Its clock is none: expressions see the clock of the routes. */
  readonly #environment: Environment = makeEnvironment({ services: { now: () => 0 } });
  readonly #entities = new Map<string, Uint8Array>();
  #state: PartitionState | undefined;
  #batch = new Batch();
  #router!: Router;
  #offset = 0;

  constructor(profiles: Profiles) {
    this.configure(profiles);
    this.partition = this.#open();
  }

  configure(profiles: Profiles): void {
    const { settings } = profiles;
    for (const profile of profiles.profiles)
      this.#definitions.set(profileKey(profileText({ settings, profile })), { settings, profile });
    this.#router = new Router(profiles, this.#environment, this.#batch, {
      ...{ counts: this.counts, partitions: 1 },
      now: () => this.now,
    });
  }

  /** Routes messages as one block of a source, from where the one before ended, and counts the routes. */
  async send(messages: readonly Message[]): Promise<void> {
    await this.take(this.route(messages, this.#offset));
    this.#offset += messages.length;
  }

  /** The blocks that messages make which begin at an offset of their source. */
  route(messages: readonly Message[], offset: number): Routed["block"][] {
    this.#batch.load(
      blockOf(
        messages.map(() => "x"),
        this.now,
      ),
      { topic: "web", partition: 0, offset },
    );
    for (const [record, message] of messages.entries()) this.#batch.addMessage(record, message);
    return this.#router.route().map(({ block }) => block);
  }

  /** Has the clock go on to a time, epoch milliseconds. */
  async tick(at: number): Promise<void> {
    this.now = at;
    const bytes = writeHeader({ at, profiles: [] });
    await this.take([{ bytes, ends: Uint32Array.of(bytes.length), arrival: at }]);
  }

  async take(blocks: readonly Routed["block"][]): Promise<void> {
    for (const block of blocks) {
      this.log.push(block);
      await this.partition.take(block, this.log.length);
    }
  }

  /** Stores what was counted. */
  async save(): Promise<void> {
    for await (const part of this.partition.checkpoint()) {
      // Through text, as a table keeps it.
      if (part.state !== undefined) this.#state = JSON.parse(JSON.stringify(part.state)) as PartitionState;
      for (const [key, value] of part.entities)
        if (value === undefined) this.#entities.delete(key);
        else this.#entities.set(key, value);
      for (const [key, value] of part.measurements) {
        const parts = key.split("\0");
        const name = [...parts.slice(0, 2), ...parts.slice(3, -2), Number.parseInt(parts.at(-1) ?? "", 36)];
        this.measured[name.join(" ")] = toMessage(measuredValue(value));
      }
      this.triage.push(...part.triage.map(({ json }) => JSON.parse(json) as Record<string, unknown>));
    }
  }

  /** Forgets what was not stored, and reads on from there, as after a kill. */
  async crash(): Promise<void> {
    this.partition = this.#open();
    const from = this.#state?.offset ?? 0;
    for (const [index, block] of this.log.entries())
      if (index >= from) await this.partition.take(block, index + 1);
  }

  #open(): ProfilePartition {
    return new ProfilePartition(
      {
        environment: this.#environment,
        profileOf: (key) => this.#definitions.get(key),
        countsOf: (profile) => {
          const counts = this.counts.get(profile) ?? emptyProfileCounts();
          this.counts.set(profile, counts);
          return counts;
        },
        share: (most) => most,
        damaged: (records) => {
          throw new Error(`${records} records are no routes`);
        },
      },
      this.#state,
      this.#entities,
    );
  }
}
