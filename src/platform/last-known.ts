import { isDoneWithin } from "../core/patience.ts";

/** An answer, and when it was given, epoch milliseconds, where that is not now. */
export type Known<Value> = { readonly value: Value; readonly asOf?: number | null | undefined };

/** How long whoever only looks waits for a new answer, milliseconds. */
export const LOOK = 1000;

/**
 * What is asked of something that may be silent, for whoever only looks: the last answer where no new one comes within a second, as the state
 * of things is looked at most when something is wrong. The very first answer is waited for.
 */
export class LastKnown<Value> {
  readonly #read: () => Promise<Value>;
  readonly #now: () => number;
  #known: { readonly value: Value; readonly at: number } | undefined;
  #asking: { readonly since: number; readonly done: Promise<Value> } | undefined;

  constructor(read: () => Promise<Value>, now: () => number) {
    this.#read = read;
    this.#now = now;
  }

  /** @throws what reading throws within the second */
  async get(): Promise<Known<Value>> {
    this.#asking ??= {
      since: performance.now(),
      done: this.#ask().finally(() => {
        this.#asking = undefined;
      }),
    };
    const { since, done } = this.#asking;
    if (this.#known === undefined) return { value: await done };
    const { value, at } = this.#known;
    // Of many who ask while it is silent only the first wait.
    const isNew = await isDoneWithin(done, Math.max(0, since + LOOK - performance.now()));
    return isNew ? { value: await done } : { value, asOf: at };
  }

  async #ask(): Promise<Value> {
    const value = await this.#read();
    this.#known = { value, at: this.#now() };
    return value;
  }
}
