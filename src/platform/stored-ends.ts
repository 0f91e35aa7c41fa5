import { Fault } from "../core/fault.ts";
import { isDoneWithin } from "../core/patience.ts";
import type { Index } from "../storage/index/contract.ts";
import { LOOK } from "./last-known.ts";

/**
 * Up to where partitions are stored, for whoever only looks: as last known while the index is silent or cannot be reached. A problem of the
 * status says so then.
 */
export class StoredEnds {
  readonly #position: Index["position"];
  /** By sensor and partition. */
  readonly #known = new Map<string, number>();
  readonly #asking = new Map<string, { readonly since: number; readonly done: Promise<void> }>();

  /** @param position asks the index up to where a partition is in it, or is on disk */
  constructor(position: Index["position"]) {
    this.#position = position;
  }

  /**
   * Asks for many at the same time, so that all of them together are waited for no longer than for one.
   * @param end where the partition ends: what is stored up to there is not asked for again
   * @returns undefined where nobody could ever tell
   */
  async get(sensor: string, partition: number, end = Number.MAX_SAFE_INTEGER): Promise<number | undefined> {
    const key = `${sensor}/${partition}`;
    const known = this.#known.get(key);
    if (known !== undefined && known >= end) return known;
    const asking = this.#asking.get(key) ?? {
      since: performance.now(),
      done: this.#ask(key, sensor, partition),
    };
    this.#asking.set(key, asking);
    // Of many who ask while it is silent only the first wait.
    await isDoneWithin(asking.done, Math.max(0, asking.since + LOOK - performance.now()));
    return this.#known.get(key);
  }

  async #ask(key: string, sensor: string, partition: number): Promise<void> {
    try {
      this.#known.set(key, (await this.#position(sensor, partition)) ?? 0);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    } finally {
      this.#asking.delete(key);
    }
  }
}
