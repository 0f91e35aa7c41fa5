import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../../core/context.ts";
import { errorCode } from "../../folder.ts";
import { LAYOUT } from "../../layout-version.ts";
import type { Catalogue, Segment } from "./catalogue.ts";
import { CommonSchema } from "./common-schema.ts";
import { JOURNAL_FILE, MANIFEST_FILE } from "./folder-names.ts";

/** Milliseconds from one writing to the next at the least. */
const PAUSE = 1000;
/** Between two writings this many times as long passes as making the text takes: a fiftieth of this thread's time. */
const REST = 50;

/**
 * Tells other engines which files count, and all their columns: `_manifest.json` lists those that searches read. It is a copy of what the
 * catalogue knows, replaced as a whole, at most a moment behind. Each file it lists exists: whoever deletes files has it
 * written first.
 */
export class Manifest implements AsyncDisposable {
  readonly #folder: string;
  readonly #catalogue: Catalogue;
  readonly #log: Log;
  readonly #schema: CommonSchema;
  #timer: NodeJS.Timeout | undefined;
  #isCurrent = false;
  #writing: Promise<void> = Promise.resolve();
  #pause = PAUSE;
  #hasFailed = false;

  constructor(folder: string, catalogue: Catalogue, log: Log) {
    this.#folder = folder;
    this.#catalogue = catalogue;
    this.#log = log;
    this.#schema = new CommonSchema(folder);
    catalogue.watch(() => {
      this.#isCurrent = false;
      this.#timer ??= setTimeout(() => void this.write(), this.#pause).unref();
    });
  }

  /**
   * Resolves when it tells what the catalogue lists now. What cannot be written, on a full disk above all, is logged and
   * written with the next change: deleting files must go on.
   */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.write();
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isCurrent) return;
    this.#isCurrent = true;
    const path = join(this.#folder, MANIFEST_FILE);
    const began = performance.now();
    const text = textOf(this.#catalogue);
    this.#pause = Math.max(PAUSE, (performance.now() - began) * REST);
    try {
      await writeFile(`${path}.new`, text, { flush: true });
      await rename(`${path}.new`, path);
      await this.#schema.write(this.#catalogue);
      this.#hasFailed = false;
    } catch (error) {
      this.#isCurrent = false;
      if (!this.#hasFailed)
        this.#log.warn("The list of the index's files for other engines could not be written.", {
          file: path,
          error: errorCode(error),
        });
      this.#hasFailed = true;
    }
  }
}

function textOf({ segments, unreadable }: Catalogue): string {
  const files = [...segments.values()].filter(({ id }) => !unreadable.has(id));
  return manifestText(files.map((segment) => ({ path: segment.file, segment })));
}

/**
 * The list of files that count, as other engines read it. One line per file: as easily compared by `diff` as read by a program.
 * @param facts further members of the list.
 */
export function manifestText(
  files: readonly { readonly path: string; readonly segment: Segment }[],
  facts: Readonly<Record<string, string>> = {},
): string {
  const lines = files.map(({ path, segment: { sensor, rows, bytes, minTime, maxTime } }) =>
    JSON.stringify({ path, sensor, messages: rows, bytes, from: minTime, to: maxTime }),
  );
  const head = JSON.stringify({ layout: LAYOUT, changes: JOURNAL_FILE, ...facts });
  return `${head.slice(0, -1)},"files":[\n${lines.join(",\n")}\n]}\n`;
}
