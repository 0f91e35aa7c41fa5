import type { GlobalDocument } from "../../config/global.ts";
import { profilesIn } from "../../config/profiles.ts";
import type { Batch } from "../../core/batch.ts";
import type { Context } from "../../core/context.ts";
import { type Failure, failureOf } from "../../core/fault.ts";
import type { ProfileStage } from "../../pipeline/pipeline.ts";
import { addProfileCounts, emptyProfileCounts, type ProfileCounts } from "../../profiles/counts.ts";
import {
  type Profiles,
  profileKey,
  profileText,
  type RunningProfile,
  readProfileText,
} from "../../profiles/definition.ts";
import { type Routed, Router } from "../../profiles/router.ts";
import type { Environment } from "../../stellar/run/environment.ts";
import { joinTopic } from "../../storage/storage.ts";
import type { TableReader } from "../../storage/table/contract.ts";
import type { Membership, TopicHandle, TopicReader } from "../../storage/topic/contract.ts";
import type { DocumentText } from "../protocol.ts";
import { TopicShare } from "../topic-share.ts";
import { PartitionRun } from "./partition-run.ts";
import { DEFINITIONS, PROFILE_GROUP, type ProfileRequest } from "./protocol.ts";

export type WorkerProfilesParts = {
  readonly context: Context;
  readonly membership: Membership;
  readonly table: TableReader;
  readonly readSecret: Parameters<typeof joinTopic>[1];
  /** What expressions run with, under a global document. */
  readonly environment: (global: GlobalDocument) => Environment;
  /** Resolves when the thread that owns topics and tables has done something. */
  readonly ask: (request: ProfileRequest) => Promise<void>;
  /** Told why routes of a partition cannot be counted now; undefined when they are again. */
  readonly problem: (partition: number, failure: Failure | undefined) => void;
  /** Resolves when topics may be read. */
  readonly begun: Promise<void>;
};

type Reading = { readonly topic: TopicReader; readonly share: TopicShare };

/** The profiles in one worker: routes what it reads, and counts the routes of the partitions that are its. */
export class WorkerProfiles {
  readonly #parts: WorkerProfilesParts;
  /** What was counted, by profile: of routing, and of each partition. */
  readonly #counts = new Map<string, ProfileCounts>();
  readonly #runs = new Set<PartitionRun>();
  #profiles: Profiles | undefined;
  #definitions: ReadonlyMap<string, RunningProfile> = new Map();
  #environment: Environment | undefined;
  #reading: Reading | undefined;
  #version = 0;
  readonly #restarts = new Set<AbortController>();

  constructor(parts: WorkerProfilesParts) {
    this.#parts = parts;
  }

  /** Takes a document over; what is routed from now on is so by it. @param handle of the topic of routes */
  async configure(
    { text }: DocumentText,
    global: GlobalDocument,
    handle: TopicHandle | undefined,
  ): Promise<void> {
    const profiles = profilesIn(text);
    const { settings } = profiles;
    this.#definitions = new Map(
      profiles.profiles.map((profile) => [
        profileKey(profileText({ settings, profile })),
        { settings, profile },
      ]),
    );
    const environment = this.#parts.environment(global);
    // What is counted goes on from what is stored, with other functions or settings.
    if (environment !== this.#environment) for (const restart of this.#restarts) restart.abort();
    this.#environment = environment;
    if (handle !== undefined) this.#reading ??= await this.#join(handle);
    // Last, as without a topic nothing can be routed.
    this.#profiles = profiles.profiles.length === 0 ? undefined : profiles;
    this.#version++;
  }

  /** Takes part in reading the topic of routes. */
  async #join(handle: TopicHandle): Promise<Reading> {
    const { readSecret, context, membership, problem } = this.#parts;
    const topic = await joinTopic(handle, readSecret, context);
    const share = new TopicShare({
      topic,
      membership: { ...membership, group: PROFILE_GROUP },
      read: (partition, signal) => this.#read(topic, partition, signal),
      // The end of the reading has stored what was counted.
      letGo: async () => {},
      onReplaced: () =>
        problem(-1, {
          code: "PROCESS_REPLACED",
          message:
            "another process has the name of this one and counts its profiles; they are not counted here any more",
        }),
    });
    return { topic, share };
  }

  /** The stage of one pipeline. It says what is in force at each batch. */
  stage(): ProfileStage {
    let router: Router | undefined;
    let bound: Batch | undefined;
    let version = -1;
    let routed: readonly Routed[] = [];
    const routerOf = (batch: Batch): Router | undefined => {
      if (this.#version === version && bound === batch) return router;
      [bound, version] = [batch, this.#version];
      const partitions = this.#reading?.topic.partitions;
      router =
        this.#profiles === undefined || this.#environment === undefined || partitions === undefined
          ? undefined
          : new Router(this.#profiles, this.#environment, batch, {
              ...{ counts: this.#counts, partitions },
              now: () => this.#parts.context.clock.now(),
            });
      return router;
    };
    return {
      isOn: () => this.#profiles !== undefined,
      stage: {
        name: "profile",
        failure: "indexing_error",
        run(batch) {
          routed = routerOf(batch)?.route() ?? [];
        },
      },
      deliver: async () => {
        const sent = routed;
        routed = [];
        await Promise.all(
          sent.map(({ partition, block: { bytes, ends, arrival } }) =>
            this.#parts.ask({ do: "append", partition, bytes, ends, arrival }),
          ),
        );
      },
    };
  }

  /** What was counted since the worker began, by profile, and what is live now. */
  counts(): Record<string, ProfileCounts> {
    const all: Record<string, ProfileCounts> = {};
    const add = (profile: string, counts: Partial<ProfileCounts>) => {
      const sum = all[profile] ?? emptyProfileCounts();
      all[profile] = sum;
      addProfileCounts(sum, { ...emptyProfileCounts(), ...counts });
    };
    for (const [profile, counts] of this.#counts) add(profile, counts);
    for (const run of this.#runs) for (const [profile, entities] of run.live()) add(profile, { entities });
    return all;
  }

  /** Ends the counting: what was counted is stored. To be called when nothing is routed here any more. */
  async end(): Promise<void> {
    await this.#reading?.share.end();
  }

  /** Hands the partitions over. */
  async leave(): Promise<void> {
    await this.#reading?.share.leave();
    await this.#reading?.topic[Symbol.asyncDispose]();
  }

  async #read(topic: TopicReader, partition: number, signal: AbortSignal): Promise<void> {
    const { context, table, ask, problem, begun } = this.#parts;
    await begun;
    let told = "";
    while (!signal.aborted) {
      const environment = this.#environment;
      if (environment === undefined) return;
      const run = new PartitionRun({
        ...{ topic, partition, environment, context, table, ask },
        profileOf: (key) => this.#profileOf(key),
        countsOf: (profile) => this.#countsOf(profile),
        onRead: () => {
          if (told !== "") problem(partition, undefined);
          told = "";
        },
      });
      const restart = new AbortController();
      this.#restarts.add(restart);
      this.#runs.add(run);
      try {
        await run.read(AbortSignal.any([signal, restart.signal]));
      } catch (error) {
        const failure = failureOf(error, "PROFILES_STOPPED");
        if (failure.message !== told)
          context.log.error("The counting of profiles stopped and is started again.", {
            partition,
            error: failure.message,
          });
        told = failure.message;
        problem(partition, failure);
        await new Promise((done) => setTimeout(done, RETRY_AFTER));
      } finally {
        this.#runs.delete(run);
        this.#restarts.delete(restart);
      }
    }
    // Whoever reads it from now on tells its own.
    if (told !== "") problem(partition, undefined);
  }

  #profileOf(key: string): RunningProfile | undefined {
    const known = this.#definitions.get(key);
    if (known !== undefined) return known;
    const text = this.#parts.table.get(DEFINITIONS, key);
    return typeof text === "string" ? readProfileText(text) : undefined;
  }

  #countsOf(profile: string): ProfileCounts {
    const counts = this.#counts.get(profile) ?? emptyProfileCounts();
    this.#counts.set(profile, counts);
    return counts;
  }
}

const RETRY_AFTER = 1000;
