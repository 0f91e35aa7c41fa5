/**
 * Where several processes read topics in turn, each into an index of its own, a message must be in one of them and in no other. A file is durable on this
 * machine first, and counts for good once all know of it: the broker takes the note only from who reads the partition at that moment. So a claim is written with
 * the files, decided by that note, and found again after a crash between the two.
 */
import { randomUUID } from "node:crypto";
import type { Log } from "../../../core/context.ts";
import type { ClaimKey } from "../blocks/writer.ts";
import type { ReadStanding } from "../contract.ts";
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
  #turn: Promise<unknown> = Promise.resolve();
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
    return this.#failure;
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
      const { catalogue, forget } = this.#options;
      const { offset, own } = await this.#read(key);
      for (const claim of this.#pending(key)) await (own >= claim.to ? this.#keep(claim) : this.#drop(claim));
      await forget(key);
      const known = [offset, catalogue.positions.get(key)].filter((position) => position !== undefined);
      const from = known.length === 0 ? undefined : Math.max(...known);
      this.#sealed.set(key, from ?? 0);
      this.#claimants.set(key, claimant);
      return from;
    });
  }

  /** Nobody can note anything by this claimant any more: its thread has ended. */
  leave(claimant: ClaimKey): void {
    for (const [key, other] of this.#claimants) if (other === claimant) this.#claimants.delete(key);
  }

  /** Tells the others what is sealed; resolves when it is decided of all that can be decided now. Rejects when it could not be told. */
  settle(): Promise<void> {
    if (!this.isPending) return Promise.resolve();
    return this.#inTurn(async () => {
      try {
        for (const claim of this.#pending()) await this.#decide(claim);
        this.#failure = undefined;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#failure = `it is on disk here, and the other processes could not be told: ${reason}`;
        throw error;
      }
    });
  }

  async #decide(claim: Claimed): Promise<void> {
    // Perhaps it went with one before it.
    if (!this.#options.catalogue.claims.has(claim.id)) return;
    const before = await this.#read(claim.key);
    if (before.own >= claim.to) return this.#keep(claim);
    if ((before.offset ?? 0) > claim.from) return this.#lose(claim);
    const claimant = this.#claimants.get(claim.key);
    // Whoever reads the partition next decides it, here or in another process.
    if (claimant === undefined) return;
    if (await claimant(claim.key, claim.to)) return this.#keep(claim);
    const after = await this.#read(claim.key);
    // An earlier attempt may have been taken though its answer was lost.
    return after.own >= claim.to ? this.#keep(claim) : this.#lose(claim);
  }

  async #keep(claim: Claimed): Promise<void> {
    const { catalogue } = this.#options;
    const position = Math.max(claim.to, catalogue.positions.get(claim.key) ?? 0);
    await catalogue.change({ decided: [claim], positions: new Map([[claim.key, position]]) });
  }

  /** The partition is another's: what was sealed and read of it since is, too. */
  async #lose(claim: Claimed): Promise<void> {
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
    await removeFiles(remove);
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
