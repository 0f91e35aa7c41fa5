import { type QueueLimits, SearchQueue } from "../search-queue.ts";
import type { FileHealth } from "../segments/file-health.ts";

/** Runs searches: each in its turn, once more without a file that turns out to be damaged, and known to whoever deletes files. */
export class Searches implements AsyncDisposable {
  readonly #health: FileHealth;
  readonly #queue: SearchQueue;
  readonly #running = new Set<Promise<unknown>>();

  constructor(health: FileHealth, limits: QueueLimits) {
    this.#health = health;
    this.#queue = new SearchQueue(limits);
  }

  /** How many run and wait. */
  load(): ReturnType<SearchQueue["load"]> {
    return this.#queue.load();
  }

  /** Runs what somebody asks for when its turn comes, with a signal that aborts when it must end. */
  ask<Request extends { readonly signal?: AbortSignal | undefined }, Result>(
    request: Request,
    search: (request: Request) => Promise<Result>,
  ): Promise<Result> {
    return this.#queue.run((signal) => this.run(() => search({ ...request, signal })), request.signal);
  }

  /** Runs a search at once; when a file turns out to be damaged, it is left out and the search runs again. */
  async run<Result>(search: () => Promise<Result>): Promise<Result> {
    const running = this.#health.attempt(search);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Resolves when the searches that run now have ended, however they do. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  /** Takes no more searches; resolves when none waits in the queue or runs from it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue[Symbol.asyncDispose]();
  }
}
