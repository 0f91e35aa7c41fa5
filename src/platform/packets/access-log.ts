import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { PacketAccess } from "../../api/packets.ts";
import type { Context } from "../../core/context.ts";

/** Who read what of packets and who took it away, a line of JSON each: `access.ndjson`, and the file before it. */
const FILE = "access.ndjson";
const BEFORE = "access.1.ndjson";
const MOST_BYTES = 16 << 20;

export type AccessLog = {
  note(access: Omit<PacketAccess, "at">): void;
  /** The latest entries, the latest first. */
  latest(most: number): PacketAccess[];
};

/** Opens the log of a folder. What cannot be noted is refused: who could read unseen would. */
export function openAccessLog(folder: string, { clock, log }: Context): AccessLog {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, FILE);
  let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    note(access) {
      const entry: PacketAccess = { at: clock.now(), ...access };
      const line = Buffer.from(`${JSON.stringify(entry)}\n`);
      if (size > 0 && size + line.length > MOST_BYTES) {
        renameSync(path, join(folder, BEFORE));
        size = 0;
      }
      appendFileSync(path, line);
      size += line.length;
      log.info("Packets were read.", { ...access });
    },
    latest(most) {
      const lines = [join(folder, BEFORE), path].flatMap((file) =>
        existsSync(file) ? readFileSync(file, "utf8").split("\n") : [],
      );
      return lines
        .slice(-most - 1)
        .flatMap((line) => readEntry(line) ?? [])
        .reverse()
        .slice(0, most);
    },
  };
}

/** A line of the log; undefined of one that was cut by a crash. */
function readEntry(line: string): PacketAccess | undefined {
  try {
    return line === "" ? undefined : (JSON.parse(line) as PacketAccess);
  } catch {
    return undefined;
  }
}
