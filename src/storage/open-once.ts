/** Things that are open under names, each opened once however many ask for it at the same time. */
export class OpenOnce<Thing extends AsyncDisposable> implements AsyncDisposable {
  readonly #opened = new Map<string, Promise<Thing>>();

  /** Returns what is open under a name, or opens it. What could not be opened is opened again for the next one who asks. */
  get(name: string, open: () => Promise<Thing>): Promise<Thing> {
    const known = this.#opened.get(name);
    if (known !== undefined) return known;
    const opening = open();
    this.#opened.set(name, opening);
    // The first caller to hear of it: one that asks again is not taken for the one that failed.
    opening.catch(() => this.#opened.delete(name));
    return opening;
  }

  /** Takes a thing out that somebody closed. */
  delete(name: string): void {
    this.#opened.delete(name);
  }

  /** Everything that could be opened. */
  async all(): Promise<readonly Thing[]> {
    const settled = await Promise.allSettled(this.#opened.values());
    return settled.flatMap((opened) => (opened.status === "fulfilled" ? [opened.value] : []));
  }

  /** Closes everything, one after the other. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of await this.all()) await opened[Symbol.asyncDispose]();
    this.#opened.clear();
  }
}
