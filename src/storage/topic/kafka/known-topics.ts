import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../../folder.ts";

/**
 * The identities of the topics that were opened from a data folder, in a file of it. A topic that somebody deleted and made again has
 * the same name and other records: positions in the one say nothing of the other.
 */
export class KnownTopics {
  readonly #path: string;
  readonly #ids: Map<string, string>;
  #written: Promise<void> = Promise.resolve();

  private constructor(path: string, ids: Map<string, string>) {
    this.#path = path;
    this.#ids = ids;
  }

  /** Reads the file in a folder; nothing is known without one, or of one that is no JSON. */
  static async open(folder: string): Promise<KnownTopics> {
    await makeFolder(folder);
    const path = join(folder, "_kafka.json");
    const text = await readFile(path, "utf8").catch(() => "{}");
    return new KnownTopics(path, new Map(Object.entries(idsOf(text))));
  }

  /** Whether a topic is the one that was opened before, if any was; it is noted when none was. */
  async isSame(topic: string, id: string): Promise<boolean> {
    const known = this.#ids.get(topic);
    if (known !== undefined) return known === id;
    this.#ids.set(topic, id);
    const text = JSON.stringify(Object.fromEntries(this.#ids), null, 2);
    this.#written = this.#written.then(async () => {
      await writeFile(`${this.#path}.tmp`, `${text}\n`);
      await rename(`${this.#path}.tmp`, this.#path);
    });
    await this.#written;
    return true;
  }
}

function idsOf(text: string): Readonly<Record<string, string>> {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null ? (found as Record<string, string>) : {};
  } catch {
    return {};
  }
}
