import { JobThread } from "./job-thread.ts";
import type { Cell, RowsWanted } from "./row-reader.ts";

/** The rows of some files; undefined for a file that could not be read so. */
export type Found = readonly (Cell[][] | undefined)[];

/**
 * Threads that read single rows (see `readRows`), so that a page of results is unpacked on several cores and the thread
 * that asks goes on meanwhile.
 */
export class RowReaders implements AsyncDisposable {
  readonly #threads: readonly JobThread<readonly RowsWanted[], Found>[];

  /** @param threads how many files are read at the same time at most. */
  constructor(threads: number) {
    this.#threads = Array.from(
      { length: threads },
      (_, index) => new JobThread("./row-reader-worker", import.meta.url, `row-reader-${index}`),
    );
  }

  /** The rows of each of these files in the order asked for; undefined where they cannot be read so. */
  async read(wanted: readonly RowsWanted[]): Promise<Found> {
    const threads = this.#threads.slice(0, wanted.length);
    const found: (Cell[][] | undefined)[] = new Array(wanted.length).fill(undefined);
    const share = async (thread: (typeof threads)[number], first: number) => {
      // Files take turns, so that the threads have about the same to do.
      const own = wanted.filter((_, index) => index % threads.length === first);
      // Whatever ended a thread: its callers have another way to these rows.
      const answer = await thread.run(own).catch((): Found => []);
      for (const [index, rows] of answer.entries()) found[index * threads.length + first] = rows;
    };
    await Promise.all(threads.map(share));
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread[Symbol.asyncDispose]()));
  }
}
