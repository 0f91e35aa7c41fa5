import { z } from "zod";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import type { PacketStore, PreservedRange } from "../../../storage/packets/contract.ts";
import type { Table } from "../../../storage/table/contract.ts";

const TYPE = "preserved";
const FOLLOW_EVERY = 2_000;

/** A time that all hosts keep, and one that was let go: whoever was away when that was done must hear of it. */
const entry = z.object({
  range: z.object({
    ...{ id: z.string(), from: z.number(), to: z.number() },
    ...{ reason: z.string(), by: z.string(), at: z.number() },
  }),
  isReleased: z.boolean(),
});

type Entry = z.output<typeof entry>;

/** The preserved times of all hosts, in the table that they share. Each host follows it with its own store, also when it comes back. */
export class SharedRanges implements Disposable {
  readonly #table: Table;
  readonly #store: PacketStore;
  readonly #context: Context;
  readonly #timer: NodeJS.Timeout;
  #isFailing = false;

  constructor(table: Table, store: PacketStore, context: Context) {
    this.#table = table;
    this.#store = store;
    this.#context = context;
    this.#timer = setInterval(() => void this.#follow(), FOLLOW_EVERY).unref();
    void this.#follow();
  }

  list(): readonly PreservedRange[] {
    return [...this.#entries().values()].flatMap(({ range, isReleased }) => (isReleased ? [] : [range]));
  }

  async preserve(range: PreservedRange): Promise<void> {
    await this.#table.put(TYPE, range.id, { range, isReleased: false });
    // All hosts keep it from now on. What keeps this one from it is logged and tried again, as on the others.
    await this.#follow();
  }

  async release(id: string): Promise<void> {
    const found = this.#entries().get(id);
    if (found === undefined || found.isReleased)
      throw new Fault("NOT_FOUND", `releasing packets: no preserved range has the id ${id}`);
    await this.#table.put(TYPE, id, { ...found, isReleased: true });
    await this.#follow();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Brings this host's store to what the table says. What the store kept before it joined is kept by all from now on. */
  async #follow(): Promise<void> {
    const failures: unknown[] = [];
    // What cannot be done with one does not keep the others.
    const attempt = (step: () => void) => {
      try {
        step();
      } catch (error) {
        failures.push(error);
      }
    };
    attempt(() => {
      const own = new Set(this.#store.preserved().map(({ id }) => id));
      for (const { range, isReleased } of this.#entries().values()) {
        if (isReleased && own.has(range.id)) attempt(() => this.#store.release(range.id));
        if (!isReleased && !own.has(range.id)) attempt(() => this.#store.preserve(range));
      }
    });
    let kept: readonly PreservedRange[] = [];
    attempt(() => {
      kept = this.#store.preserved();
    });
    for (const range of kept)
      if (!this.#entries().has(range.id))
        await this.#table
          .put(TYPE, range.id, { range, isReleased: false })
          .catch((error: unknown) => failures.push(error));
    const [first] = failures;
    if (first !== undefined && !this.#isFailing)
      this.#context.log.error("Times whose packets are to be kept could not be taken over.", {
        ...{ reason: first instanceof Error ? first.message : String(first), failures: failures.length },
      });
    this.#isFailing = first !== undefined;
  }

  #entries(): ReadonlyMap<string, Entry> {
    const found = new Map<string, Entry>();
    for (const { key, value } of this.#table.range(TYPE)) {
      const read = entry.safeParse(value);
      if (read.success) found.set(key, read.data);
    }
    return found;
  }
}
