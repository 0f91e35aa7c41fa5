import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFault } from "../../folder.ts";
import type { StoredPatch } from "../stored-patch.ts";
import { JOURNAL_FILE } from "./folder-names.ts";

/**
 * A second copy of what analysts changed, one line of JSON per change: it survives the catalogue, and anybody can read
 * it. It is written first, so it never knows less.
 */
export class ChangeJournal {
  /** The last change of each message. */
  readonly changes = new Map<string, StoredPatch>();
  readonly #path: string;
  #lines = 0;
  #isWhole = true;
  #isTorn = false;

  constructor(folder: string) {
    this.#path = join(folder, JOURNAL_FILE);
    if (!existsSync(this.#path)) return;
    const lines = readFileSync(this.#path, "utf8").split("\n");
    // A line without an end is of a change that was never acknowledged, or the end of a cut file.
    this.#isWhole = lines.pop() === "";
    this.#lines = lines.length;
    for (const line of lines) this.#read(line);
  }

  /** Writes it anew when it lacks changes, is damaged, or holds more lines than changes. */
  renew(known: ReadonlyMap<string, StoredPatch>): void {
    for (const [guid, patch] of known) if (!this.changes.has(guid)) this.changes.set(guid, patch);
    if (this.#isWhole && this.#lines === this.changes.size) return;
    try {
      const lines = [...this.changes].map(([guid, patch]) => lineOf(guid, patch));
      writeFileSync(`${this.#path}.new`, lines.join(""), { flush: true });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      throw writeFault(`writing ${this.#path}`, error);
    }
  }

  async add(guid: string, patch: StoredPatch): Promise<void> {
    // A write that failed may have left a part of a line, which must not swallow the next.
    const line = this.#isTorn ? `\n${lineOf(guid, patch)}` : lineOf(guid, patch);
    try {
      await appendFile(this.#path, line, { flush: true });
      this.#isTorn = false;
    } catch (error) {
      this.#isTorn = true;
      throw writeFault(`writing ${this.#path}`, error);
    }
  }

  #read(line: string): void {
    try {
      const { guid, ...patch } = JSON.parse(line) as StoredPatch & { guid: string };
      if (typeof guid === "string" && Array.isArray(patch.remove)) this.changes.set(guid, patch);
      else this.#isWhole = false;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#isWhole = false;
    }
  }
}

function lineOf(guid: string, patch: StoredPatch): string {
  return `${JSON.stringify({ guid, ...patch })}\n`;
}
