/**
 * Where several processes read topics in turn, each into an index of its own, a message must be in one of them and in no other. A file is durable on this
 * machine first, and counts for good once all know of it: the broker takes the note only from who reads the partition at that moment. So a claim is written with
 * the files, decided by that note, and found again after a crash between the two.
 */
import { randomUUID } from "node:crypto";
import type { Log } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import type { ClaimKey } from "../blocks/writer.ts";
import type { IndexProblem, ReadStanding } from "../contract.ts";
import type { PartitionStanding } from "../turns.ts";
import type { Catalogue, Segment } from "./catalogue.ts";
import type { Claimed } from "./claimed.ts";
import { partitionOf } from "./position-key.ts";

type ClaimsOptions = {
  readonly catalogue: Catalogue;
  /** Deletes files of segments that the catalogue has no more. */
  readonly removeFiles: (segments: readonly Segment[]) => Promise<void>;
  /** Drops what of a partition is not sealed. */
  readonly forget: (key: string) => Promise<void>;
  readonly log: Log;
};

export class Claims {
  readonly #options: ClaimsOptions;
  #standing: ReadStanding | undefined;
  /** Up to where partitions that are read here are sealed, or where their reading began. */
  readonly #sealed = new Map<string, number>();
  /** Who can note how far a partition is sealed, by its key. */
  readonly #claimants = new Map<string, ClaimKey>();
  /** Those whose threads have ended. */
  readonly #left = new WeakSet<ClaimKey>();
  /** Of partitions, which records this index had, by their note, and has no more: from an offset to before another. */
  readonly #gaps = new Map<string, readonly [from: number, to: number]>();
  #turn: Promise<unknown> = Promise.resolve();
  #removing: Promise<unknown> = Promise.resolve();
  #failure: string | undefined;

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** Whether processes take turns. */
  get isOn(): boolean {
    return this.#standing !== undefined;
  }

  get isPending(): boolean {
    return this.isOn && this.#options.catalogue.claims.size > 0;
  }

  /** Why it could not be told to the others what is sealed; undefined while it can be. */
  get failure(): string | undefined {
    return this.isPending ? this.#failure : undefined;
  }

  /** What is missing here though it was noted that it is here. */
  problems(): IndexProblem[] {
    return [...this.#gaps].map(([key, [from, to]]) => {
      const [topic, partition] = partitionOf(key);
      return {
        code: "MESSAGES_LOST",
        text: `messages of topic ${topic} may be missing: this data folder is older than what it had noted, and lacks what it had of records ${from} to ${to} of partition ${partition}; others have read some of them`,
        advice:
          "Start the folder that this one is a backup of, if it still exists. Otherwise restore a newer backup: what was stored after it was made is nowhere else.",
        sensor: topic,
      };
    });
  }

  /** Resolves when the files of what was dropped are gone. */
  async removed(): Promise<void> {
    await this.#removing;
  }

  /** Takes turns from now on, and decides what was sealed before. */
  async begin(standing: ReadStanding): Promise<void> {
    this.#standing = standing;
    await this.settle();
  }

  /** What is to be written with the segments of a partition. */
  of(key: string, to: number, segments: readonly Segment[]): Claimed {
    const from = this.#sealed.get(key) ?? 0;
    return { id: randomUUID(), key, from, to, segments: segments.map(({ id }) => id) };
  }

  /** Takes note of a claim that is durable. */
  made({ key, to }: Claimed): void {
    this.#sealed.set(key, to);
  }

  /** Up to where a partition is sealed here, told to the others or not; undefined when all of it was told. */
  position(key: string): number | undefined {
    let position: number | undefined;
    for (const claim of this.#options.catalogue.claims.values())
      if (claim.key === key) position = Math.max(position ?? 0, claim.to);
    return position;
  }

  /**
   * Begins to read a partition, which others may have read until now: what is not known to be this index's own is dropped.
   * @returns where to go on; undefined where nobody has read of it
   */
  take(key: string, claimant: ClaimKey): Promise<number | undefined> {
    return this.#inTurn(async () => {
      const standing = await this.#read(key);
      if (standing === undefined)
        throw new Fault("SENSOR_STOPPED", `topic ${partitionOf(key)[0]} is not in force in this process yet`);
      // First, as a seal that is under way claims what it was to seal.
      await this.#options.forget(key);
      for (const claim of this.#pending(key))
        await (standing.own >= claim.to ? this.#keep(claim) : this.#drop(claim));
      const from = this.#begin(key, standing);
      // Whoever reads it next is to begin there too, also if nothing is read of it meanwhile.
      if (from !== undefined && from !== standing.offset) await claimant(key, from);
      if (this.#left.has(claimant))
        throw new Fault("SENSOR_STOPPED", "the thread that was to read the partition has ended");
      this.#sealed.set(key, from ?? 0);
      this.#claimants.set(key, claimant);
      return from;
    });
  }

  /** Where to go on in a partition of which all claims are decided; undefined where nobody has read of it. */
  #begin(key: string, { offset, own, others }: PartitionStanding): number | undefined {
    const position = this.#options.catalogue.positions.get(key);
    this.#gaps.delete(key);
    if (own <= (position ?? 0)) {
      const known = [offset, position].filter((each) => each !== undefined);
      return known.length === 0 ? undefined : Math.max(...known);
    }
    // This folder is older than what it noted, as one from a backup is. What no other process has read is read again.
    const from = Math.max(position ?? 0, others);
    if (others > (position ?? 0)) this.#gaps.set(key, [position ?? 0, Math.min(own, others)]);
    const { log } = this.#options;
    log.warn("An index has less of a partition than it had noted; what no other process has is read again.", {
      ...{ partition: key, has: position ?? 0, noted: own, from },
    });
    return from;
  }

  /** Nobody can note anything by this claimant any more: its thread has ended. */
  leave(claimant: ClaimKey): void {
    this.#left.add(claimant);
    for (const [key, other] of this.#claimants) if (other === claimant) this.#claimants.delete(key);
  }

  /** Tells the others what is sealed; resolves when it is decided of all that can be decided now. Rejects when it could not be told. */
  settle(): Promise<void> {
    if (!this.isPending) return Promise.resolve();
    return this.#inTurn(async () => {
      const errors: unknown[] = [];
      const waiting = new Set<string>();
      const undecided = new Set<string>();
      for (const claim of this.#pending()) {
        // One that cannot be decided stops those behind it, and not those of other partitions.
        if (undecided.has(claim.key)) continue;
        try {
          if ((await this.#decide(claim)) !== "not in force") continue;
          waiting.add(partitionOf(claim.key)[0]);
        } catch (error) {
          errors.push(error);
        }
        undecided.add(claim.key);
      }
      const [error] = errors;
      const reasons = [
        ...(error === undefined ? [] : [error instanceof Error ? error.message : String(error)]),
        ...(waiting.size === 0
          ? []
          : [`it waits until these sensors are in force again: ${[...waiting].join(", ")}`]),
      ];
      this.#failure =
        reasons.length === 0
          ? undefined
          : `it is on disk here, and the other processes could not be told: ${reasons.join("; ")}`;
      if (error !== undefined) throw error;
    });
  }

  async #decide(claim: Claimed): Promise<"not in force" | undefined> {
    // Perhaps it went with one before it.
    if (!this.#options.catalogue.claims.has(claim.id)) return undefined;
    const before = await this.#read(claim.key);
    if (before === undefined) return "not in force";
    if (before.own >= claim.to) return this.#keep(claim);
    // What lies between is in no index, or in another one: a note may only follow on the one before.
    const isBeside = this.#claimants.has(claim.key) && (before.offset ?? 0) < claim.from;
    if ((before.offset ?? 0) > claim.from || isBeside) return this.#lose(claim);
    const claimant = this.#claimants.get(claim.key);
    // Whoever reads the partition next decides it, here or in another process.
    if (claimant === undefined) return undefined;
    if (await claimant(claim.key, claim.to)) return this.#keep(claim);
    const after = await this.#read(claim.key);
    // An earlier attempt may have been taken though its answer was lost.
    return (after?.own ?? 0) >= claim.to ? this.#keep(claim) : this.#lose(claim);
  }

  async #keep(claim: Claimed): Promise<undefined> {
    const { catalogue } = this.#options;
    const position = Math.max(claim.to, catalogue.positions.get(claim.key) ?? 0);
    await catalogue.change({ decided: [claim], positions: new Map([[claim.key, position]]) });
  }

  /** The partition is another's: what was sealed and read of it since is, too. */
  async #lose(claim: Claimed): Promise<undefined> {
    for (const later of this.#pending(claim.key)) if (later.to >= claim.to) await this.#drop(later);
    await this.#options.forget(claim.key);
  }

  async #drop(claim: Claimed): Promise<void> {
    const { catalogue, removeFiles, log } = this.#options;
    // Retention may have taken some.
    const remove = claim.segments
      .map((id) => catalogue.segments.get(id))
      .filter((segment) => segment !== undefined);
    await catalogue.change({ decided: [claim], remove });
    const { key: partition, from, to } = claim;
    log.warn("Another process reads a partition; what was sealed of it here and not noted is dropped.", {
      ...{ partition, from, to },
    });
    // Searches that read them may go on for a while; other partitions need not wait for that.
    const gone = removeFiles(remove).catch((error: unknown) =>
      log.warn("Files of what was dropped could not be deleted; the next start does it.", {
        error: String(error),
      }),
    );
    this.#removing = Promise.all([this.#removing, gone]);
  }

  #pending(key?: string): Claimed[] {
    return [...this.#options.catalogue.claims.values()]
      .filter((claim) => key === undefined || claim.key === key)
      .sort((one, other) => one.to - other.to);
  }

  async #read(key: string): ReturnType<ReadStanding> {
    if (this.#standing === undefined) throw new Error("processes do not take turns");
    return this.#standing(...partitionOf(key));
  }

  /** One after the other: a partition must not be taken while it is decided what was sealed of it. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
