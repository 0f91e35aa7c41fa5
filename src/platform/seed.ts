import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Change, ConfigStore } from "../config/store.ts";
import { Fault } from "../core/fault.ts";

/** The global document in a folder of documents. */
export const MAIN_FILE = "metron.yaml";

/** Publishes the documents of a folder into a store that has none yet. Throws Fault CONFIG_INVALID for one that does not name its sensor. */
export async function seed(config: ConfigStore, folder: string, at: number): Promise<void> {
  if (config.revision() > 0) return;
  const changes: Change[] = [];
  const main = join(folder, MAIN_FILE);
  if (existsSync(main)) changes.push({ kind: "global", name: "global", text: readFileSync(main, "utf8") });
  for (const file of globSync("sensors/*.yaml", { cwd: folder }).sort()) {
    const text = readFileSync(join(folder, file), "utf8");
    const name = /^sensor:\s*["']?([\w.-]+)/m.exec(text)?.[1];
    if (name === undefined)
      throw new Fault("CONFIG_INVALID", `${join(folder, file)}:1:1: expected \`sensor: NAME\``);
    changes.push({ kind: "sensor", name, text });
  }
  await config.publish(changes, { author: "metron", at, note: "Shipped with Metron." });
}
