import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { appendFile, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { writeFault } from "../../folder.ts";
import type { StoredPatch } from "../stored-patch.ts";
import { JOURNAL_FILE } from "./folder-names.ts";

/** Bytes by which the file may grow beyond twice what it had when it was last written as a whole. */
const ROOM = 1024 * 1024;
/** Characters that are written at once. */
const PORTION = 256 * 1024;

/**
 * A second copy of what analysts changed, one line of JSON per change: it survives the catalogue, and anybody can read
 * it. It is written first, so it never knows less. A line holds the whole history of its message, so earlier lines of the same message
 * say nothing more: when they make up half of the file, it is written again without them.
 */
export class ChangeJournal {
  /** The last change of each message. */
  readonly changes = new Map<string, StoredPatch>();
  readonly #path: string;
  #lines = 0;
  #isWhole = true;
  #isTorn = false;
  #bytes = 0;
  /** How large it may become until it is written again. */
  #most = ROOM;

  constructor(folder: string) {
    this.#path = join(folder, JOURNAL_FILE);
    if (!existsSync(this.#path)) return;
    const text = readFileSync(this.#path, "utf8");
    this.#bytes = Buffer.byteLength(text);
    this.#most = 2 * this.#bytes + ROOM;
    const lines = text.split("\n");
    // A line without an end is of a change that was never acknowledged, or the end of a cut file.
    this.#isWhole = lines.pop() === "";
    this.#lines = lines.length;
    for (const line of lines) this.#read(line);
  }

  /** Writes it again when it lacks changes, is damaged, or holds more lines than changes. */
  renew(known: ReadonlyMap<string, StoredPatch>): void {
    for (const [guid, patch] of known) if (!this.changes.has(guid)) this.changes.set(guid, patch);
    if (this.#isWhole && this.#lines === this.changes.size) return;
    try {
      const lines = [...this.changes].map(([guid, patch]) => lineOf(guid, patch));
      const text = lines.join("");
      writeFileSync(`${this.#path}.new`, text, { flush: true });
      renameSync(`${this.#path}.new`, this.#path);
      this.#isWritten(Buffer.byteLength(text));
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
    this.changes.set(guid, patch);
    this.#bytes += Buffer.byteLength(line);
    if (this.#bytes > this.#most) await this.#shorten();
  }

  /** Leaves out what later lines say again. The change is durable already: a disk that is too full for this is tried again later. */
  async #shorten(): Promise<void> {
    this.#most = this.#bytes + ROOM;
    let bytes = 0;
    try {
      await using file = await open(`${this.#path}.new`, "w");
      let portion = "";
      const write = async () => {
        await file.write(portion);
        bytes += Buffer.byteLength(portion);
        portion = "";
      };
      for (const [guid, patch] of this.changes) {
        portion += lineOf(guid, patch);
        if (portion.length > PORTION) await write();
      }
      await write();
      await file.datasync();
      await rename(`${this.#path}.new`, this.#path);
      this.#isWritten(bytes);
    } catch {}
  }

  #isWritten(bytes: number): void {
    this.#bytes = bytes;
    this.#most = 2 * bytes + ROOM;
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
