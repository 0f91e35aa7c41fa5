import { Fault } from "../core/fault.ts";
import { isDoneWithin } from "../core/patience.ts";

type Ends = ReadonlyMap<string, readonly number[]>;

/** How long whoever only looks waits for what keeps the topics, milliseconds. */
export const PATIENCE = 3000;

/**
 * Where topics end, for whoever only looks: as last known while what keeps them is silent or fails. Then `fault` says so,
 * as the state of things is looked at most when something is wrong.
 */
export class TopicEnds {
  readonly #read: () => Promise<Ends>;
  #known: Ends = new Map();
  #asking: { readonly since: number; readonly done: Promise<void> } | undefined;
  #fault: Fault | undefined;

  /** @param read where every partition of every topic ends */
  constructor(read: () => Promise<Ends>) {
    this.#read = read;
  }

  /** Why the ends are not known any better. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  async get(): Promise<Ends> {
    this.#asking ??= {
      since: performance.now(),
      done: this.#ask().finally(() => {
        this.#asking = undefined;
      }),
    };
    const { since, done } = this.#asking;
    // Of many who ask while it is silent only the first wait.
    if (!(await isDoneWithin(done, Math.max(0, since + PATIENCE - performance.now()))))
      this.#fault ??= new Fault(
        "TOPICS_SILENT",
        `asking where topics end: no answer within ${PATIENCE / 1000} s; lag is as last known`,
      );
    return this.#known;
  }

  async #ask(): Promise<void> {
    try {
      this.#known = await this.#read();
      this.#fault = undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#fault = error;
    }
  }
}
