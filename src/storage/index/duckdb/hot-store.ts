import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "../../../core/context.ts";
import type { Block, Memory } from "../blocks/block.ts";
import type { Follower } from "../follower.ts";
import type { Catalogue, Segment } from "../segments/catalogue.ts";
import type { Claimed } from "../segments/claimed.ts";
import type { Claims } from "../segments/claims.ts";
import { sealBlocks } from "../segments/seal.ts";
import { discard, type Shelf } from "../segments/shelf.ts";
import { Generation } from "./generation.ts";
import { HotBlock } from "./hot-block.ts";
import type { Settings } from "./settings.ts";

const TICK = 1000;
const RETRY = 2000;
const ROOM = 250;

/** A writer's stay: its blocks that it has not committed. */
export type Stay = { readonly name: string; blocks: HotBlock[] };

/**
 * What is not on disk yet, and its way there. At most two generations: the one that grows and the one being sealed;
 * writers wait when both are full. Segments enter the catalogue in the very turn in which their blocks leave here, so
 * a search sees each message once.
 */
export class HotStore implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #context: Context;
  readonly #catalogue: Catalogue;
  readonly #shelf: Shelf;
  readonly #claims: Claims;
  readonly #pointers: boolean;
  readonly #follower: Follower | undefined;
  /** What the follower is to be told of blocks once they are committed. */
  readonly #followed = new WeakMap<HotBlock, readonly string[]>();
  readonly #stays = new Map<string, Stay>();
  readonly #timer: NodeJS.Timeout;
  #current = new Generation();
  #frozen: Generation | undefined;
  #sealing: Promise<void> | undefined;
  #retryAt = 0;
  #settleAt = 0;
  #failure: string | undefined;
  #closed = false;

  constructor(
    parts: { settings: Settings; context: Context; catalogue: Catalogue; pointers: boolean },
    shelf: Shelf,
    claims: Claims,
  ) {
    this.#claims = claims;
    this.#settings = parts.settings;
    this.#follower = parts.settings.follower;
    this.#context = parts.context;
    this.#catalogue = parts.catalogue;
    this.#shelf = shelf;
    this.#pointers = parts.pointers;
    this.#timer = setInterval(() => this.#tick(), TICK).unref();
  }

  /** Everything that searches must read besides the catalogue's segments. */
  blocks(): HotBlock[] {
    const pending = [...this.#stays.values()].flatMap(({ blocks }) => blocks);
    return [...(this.#frozen?.blocks ?? []), ...this.#current.blocks, ...pending];
  }

  /** Why the last seal did not work; undefined when it did. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** How far a partition is committed, unless all of that is sealed and known to all processes. */
  position(key: string): number | undefined {
    const hot = this.#current.positions.get(key) ?? this.#frozen?.positions.get(key);
    return hot ?? this.#claims.position(key);
  }

  /** The partitions with something that is not sealed. */
  positionKeys(): string[] {
    return [...(this.#frozen?.positions.keys() ?? []), ...this.#current.positions.keys()];
  }

  /** Up to where partitions are searchable beyond what all processes know to be sealed. */
  unsealed(): [key: string, position: number][] {
    const claimed = [...this.#catalogue.claims.values()].map(({ key }) => key);
    return [...new Set([...this.positionKeys(), ...claimed])].map((key) => [key, this.position(key) ?? 0]);
  }

  /** Begins a writer; what one of the same name had not committed is dropped. */
  enter(name: string): Stay {
    const before = this.#stays.get(name);
    if (before !== undefined) this.leave(before);
    const stay: Stay = { name, blocks: [] };
    this.#stays.set(name, stay);
    return stay;
  }

  leave(stay: Stay): void {
    if (this.#stays.get(stay.name) === stay) this.#stays.delete(stay.name);
    for (const block of stay.blocks.splice(0)) block.release();
  }

  add(stay: Stay, block: Block, key: string, onFree: (memory: Memory) => void): void {
    // The texts of a block cannot be read any more once it is hot.
    const followed = this.#follower?.pick(block) ?? [];
    const hot = new HotBlock(block, this.#pointers, onFree, key);
    if (followed.length > 0) this.#followed.set(hot, followed);
    if (this.#stays.get(stay.name) === stay) stay.blocks.push(hot);
    else hot.release();
  }

  commit(stay: Stay, key: string, offset: number): Promise<void> | undefined {
    // A writer whose place another one has taken changes nothing any more.
    if (this.#stays.get(stay.name) !== stay) return undefined;
    // Blocks of other partitions may be half of a batch.
    const blocks = stay.blocks.filter((block) => block.key === key);
    stay.blocks = stay.blocks.filter((block) => block.key !== key);
    this.#current.add(blocks, performance.now());
    for (const hot of blocks) {
      const followed = this.#followed.get(hot);
      if (followed !== undefined) this.#follower?.committed(hot.block.sensor, followed);
    }
    if (key !== "") this.#current.advance(key, offset, performance.now());
    if (!this.#isFull()) return undefined;
    if (this.#frozen === undefined) {
      this.#sealInBackground();
      return undefined;
    }
    return this.#room();
  }

  /** Drops what is not sealed of a partition. */
  async forget(key: string): Promise<void> {
    while (this.#sealing !== undefined) await this.#sealing.catch(() => undefined);
    for (const stay of this.#stays.values()) {
      for (const block of stay.blocks) if (block.key === key) block.release();
      stay.blocks = stay.blocks.filter((block) => block.key !== key);
    }
    this.#frozen?.drop(key);
    this.#current.drop(key);
  }

  /** Resolves when all that is committed by now is on disk. */
  async seal(): Promise<void> {
    const wanted = new Set(
      [this.#frozen, this.#current].filter((generation) => generation?.isEmpty === false),
    );
    while (wanted.has(this.#frozen) || wanted.has(this.#current)) await this.#sealOnce();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#closed = true;
    await this.seal();
    for (const stay of [...this.#stays.values()]) this.leave(stay);
  }

  #isFull(): boolean {
    const { rows, bytes } = this.#current;
    return rows >= this.#settings.sealRows || bytes >= this.#settings.sealBytes;
  }

  async #room(): Promise<void> {
    while (this.#isFull() && this.#frozen !== undefined && !this.#closed) {
      await Promise.race([this.#sealing ?? delay(ROOM), delay(ROOM)]).catch(() => undefined);
      this.#tick();
    }
    if (this.#isFull()) this.#sealInBackground();
  }

  #tick(): void {
    if (this.#claims.isPending && performance.now() >= this.#settleAt) this.#settleInBackground();
    // By a clock that nobody sets: one that is put back must not keep what came from the disk.
    const old = !this.#current.isEmpty && performance.now() - this.#current.since >= this.#settings.sealAge;
    if (this.#frozen !== undefined || old || this.#isFull()) this.#sealInBackground();
  }

  #sealInBackground(): void {
    if (this.#sealing !== undefined || this.#closed || performance.now() < this.#retryAt) return;
    this.#sealOnce().catch((error: unknown) => {
      this.#retryAt = performance.now() + RETRY;
      this.#context.log.error("Sealing the index did not work; it is tried again and nothing is lost.", {
        error: String(error),
      });
    });
  }

  #settleInBackground(): void {
    this.#settleAt = Number.POSITIVE_INFINITY;
    void this.#claims
      .settle()
      // The status tells of it.
      .catch(() => undefined)
      .finally(() => {
        this.#settleAt = performance.now() + RETRY;
      });
  }

  #sealOnce(): Promise<void> {
    this.#sealing ??= this.#sealFrozen()
      .then(
        () => {
          this.#failure = undefined;
        },
        (error: unknown) => {
          this.#failure = error instanceof Error ? error.message : String(error);
          throw error;
        },
      )
      .finally(() => {
        this.#sealing = undefined;
      });
    return this.#sealing;
  }

  async #sealFrozen(): Promise<void> {
    if (this.#frozen === undefined) {
      this.#frozen = this.#current;
      this.#current = new Generation();
    }
    const generation = this.#frozen;
    const started = performance.now();
    await this.#follower?.sealing();
    const { segments, claim } = await this.#write(generation);
    const positions = this.#claims.isOn ? undefined : generation.positions;
    await this.#catalogue.change({ add: segments, claim, ...(positions && { positions }) });
    this.#frozen = undefined;
    for (const made of claim) this.#claims.made(made);
    this.#follower?.sealed(generation.blocks.flatMap((block) => this.#followed.get(block) ?? []));
    for (const block of generation.blocks) block.release();
    this.#context.log.debug("Sealed a part of the index.", {
      rows: generation.rows,
      segments: segments.length,
      milliseconds: Math.round(performance.now() - started),
    });
  }

  /** Writes the files of a generation: where processes take turns those of each partition apart, as each may turn out to be another's. */
  async #write({ blocks, positions }: Generation): Promise<{ segments: Segment[]; claim: Claimed[] }> {
    if (!this.#claims.isOn) return { segments: await sealBlocks(blocks, this.#shelf), claim: [] };
    const segments: Segment[] = [];
    const claim: Claimed[] = [];
    const byKey = Map.groupBy(blocks, ({ key }) => key);
    try {
      for (const key of new Set([...byKey.keys(), ...positions.keys()])) {
        const written = await sealBlocks(byKey.get(key) ?? [], this.#shelf);
        segments.push(...written);
        const to = positions.get(key);
        if (to !== undefined) claim.push(this.#claims.of(key, to, written));
      }
    } catch (error) {
      await discard(segments, this.#shelf);
      throw error;
    }
    return { segments, claim };
  }
}
