import { isDoneWithin } from "../../../core/patience.ts";
import { LAST_TRY } from "./bulk-writer.ts";
import type { SeenFields } from "./document.ts";
import type { Stall } from "./problems.ts";
import type { WriterOwner } from "./writer-parts.ts";

/** A writer as the index knows it, in this thread or another. */
type Stay = {
  /** Stores what is committed, and returns how many commits are stored since the start. */
  settle(): Promise<number>;
  /** Drops what is not committed, stores the rest and takes nothing any more. */
  leave(): Promise<void>;
};

type Place = {
  stay: Stay | undefined;
  left: Promise<void>;
  stall: Stall | undefined;
  /** The partitions it has committed messages of. */
  readonly keys: Set<string>;
  /** Commits that are known to be stored. */
  stored: number;
};

/** How a new writer is joined with the index. */
export type Entrance = {
  readonly owner: WriterOwner;
  /** Says how the writer is reached. */
  readonly join: (stay: Stay) => void;
  /** Ends the writer. `isLost`: without its having stored what it had committed. */
  readonly end: (isLost: boolean) => void;
};

/** What writers tell that concerns all of the index. */
export type WritersNews = {
  /** The time, epoch milliseconds. */
  now(): number;
  noted(sensor: string, seen: SeenFields): void;
  refused(sensor: string, count: number, reason: string): void;
};

/** The writers of an index, one per name, and what they have committed. */
export class Writers {
  readonly #news: WritersNews;
  readonly #places = new Set<Place>();
  readonly #names = new Map<string, Place>();
  readonly #committed = new Map<string, number>();
  readonly #stored = new Map<string, number>();
  /** Whether a writer that is gone may have stored something since the last time. */
  #hasGone = false;

  constructor(news: WritersNews) {
    this.#news = news;
  }

  /** Gives a name to a new writer; the one that had it leaves. `join` says how the new one is reached. */
  enter(name: string): Entrance {
    const before = this.#names.get(name);
    const place: Place = {
      stay: undefined,
      left: Promise.resolve(),
      stall: undefined,
      keys: new Set(),
      stored: 0,
    };
    if (before?.stay !== undefined) {
      const leaving = before.stay.leave();
      place.left = leaving.catch(() => undefined);
      void place.left.then(() => {
        this.#places.delete(before);
        this.#hasGone = true;
      });
    }
    this.#names.set(name, place);
    this.#places.add(place);
    const isHere = () => this.#names.get(name) === place;
    return {
      join: (stay) => {
        place.stay = stay;
      },
      end: (isLost) => {
        // What it had committed and not stored is read again, from where the stored ends.
        if (isLost) for (const key of place.keys) this.#committed.delete(key);
        this.#places.delete(place);
        this.#hasGone = true;
        if (isHere()) this.#names.delete(name);
      },
      owner: {
        entered: () => place.left,
        committedPosition: (key) => Promise.resolve(this.#committed.get(key)),
        committed: (key, offset) => {
          if (!isHere() || key === "") return;
          place.keys.add(key);
          this.#committed.set(key, Math.max(offset, this.#committed.get(key) ?? 0));
        },
        stored: (positions) => {
          for (const [key, offset] of positions)
            this.#stored.set(key, Math.max(offset, this.#stored.get(key) ?? 0));
        },
        noted: this.#news.noted,
        refused: this.#news.refused,
        failing: (failure, lasting) => {
          const since = place.stall?.since ?? Math.round(this.#news.now() - lasting);
          place.stall = failure && { failure, since };
        },
      },
    };
  }

  /** Up to where this process has stored a partition. */
  stored(key: string): number | undefined {
    return this.#stored.get(key);
  }

  /** Why something committed cannot be stored at the moment; undefined when all can. */
  get stall(): Stall | undefined {
    const stalls = [...this.#places].flatMap(({ stall }) => stall ?? []);
    return stalls.sort((one, other) => one.since - other.since)[0];
  }

  /** Stores what all have committed. Returns whether anything was stored since the last time. */
  async settle(): Promise<boolean> {
    let isNew = this.#hasGone;
    this.#hasGone = false;
    const results = await Promise.allSettled(
      [...this.#places].map(async (place) => {
        const stored = (await place.stay?.settle()) ?? 0;
        if (stored > place.stored) isNew = true;
        place.stored = Math.max(stored, place.stored);
      }),
    );
    this.#hasGone ||= isNew && results.some(({ status }) => status === "rejected");
    for (const result of results) if (result.status === "rejected") throw result.reason;
    return isNew;
  }

  /** Ends all writers of this thread. */
  async close(): Promise<void> {
    await isDoneWithin(Promise.allSettled([...this.#places].map(({ stay }) => stay?.leave())), LAST_TRY);
  }
}
