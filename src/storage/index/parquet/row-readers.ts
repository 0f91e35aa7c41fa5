import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Cell, RowsWanted } from "./row-reader.ts";

/** What a reader thread is asked for, and what it answers: undefined for a file that could not be read so. */
export type ToReader = { readonly id: number; readonly wanted: readonly RowsWanted[] };
export type FromReader = { readonly id: number; readonly found: readonly (Cell[][] | undefined)[] };

type Found = FromReader["found"];

/**
 * Threads that read single rows (see `readRows`), so that a page of results is unpacked on several cores and the thread
 * that asks goes on meanwhile. They start when first needed.
 */
export class RowReaders implements AsyncDisposable {
  readonly #threads: (Reader | undefined)[];

  /** @param threads how many files are read at the same time at most. */
  constructor(threads: number) {
    this.#threads = new Array(threads).fill(undefined);
  }

  /** The rows of each of these files in the order asked for; undefined where they cannot be read so. */
  async read(wanted: readonly RowsWanted[]): Promise<Found> {
    const count = Math.min(this.#threads.length, wanted.length);
    const found: (Cell[][] | undefined)[] = new Array(wanted.length).fill(undefined);
    const share = async (first: number) => {
      // Files take turns, so that the threads have about the same to do.
      const own = wanted.filter((_, index) => index % count === first);
      const answer = await this.#thread(first).read(own);
      for (const [index, rows] of answer.entries()) found[index * count + first] = rows;
    };
    await Promise.all(Array.from({ length: count }, (_, first) => share(first)));
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread?.[Symbol.asyncDispose]()));
  }

  #thread(index: number): Reader {
    const known = this.#threads[index];
    if (known?.isAlive === true) return known;
    const started = new Reader(index);
    this.#threads[index] = started;
    return started;
  }
}

class Reader implements AsyncDisposable {
  isAlive = true;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { readonly files: number; done(found: Found): void }>();
  #ids = 0;

  constructor(index: number) {
    const script = new URL(`./row-reader-worker${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(script, { name: `row-reader-${index}` });
    this.#worker.on("message", ({ id, found }: FromReader) => this.#answer(id, found));
    // Whatever ended it: its callers have another way to these rows, and who asks next gets a new thread.
    this.#worker.on("error", () => this.#leave());
    this.#worker.on("exit", () => this.#leave());
    this.#worker.unref();
  }

  read(wanted: readonly RowsWanted[]): Promise<Found> {
    const id = ++this.#ids;
    return new Promise((done) => {
      this.#waiting.set(id, { files: wanted.length, done });
      this.#worker.ref();
      this.#worker.postMessage({ id, wanted } satisfies ToReader);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(id: number, found: Found): void {
    this.#waiting.get(id)?.done(found);
    this.#waiting.delete(id);
    // Idle, it keeps no process from ending.
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #leave(): void {
    this.isAlive = false;
    for (const [id, { files }] of this.#waiting) this.#answer(id, new Array(files).fill(undefined));
  }
}
