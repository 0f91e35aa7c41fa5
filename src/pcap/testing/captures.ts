import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { areInstalled } from "./programs.ts";

const SHARED = join(import.meta.dirname, "../../../../shared/data");

/** Captures of many makers, or none where the folder is absent. */
export function sharedCaptures(): readonly string[] {
  if (!existsSync(SHARED)) return [];
  return globSync("{pcap,incidents,metron}/**/*.{pcap,pcapng}", { cwd: SHARED })
    .sort()
    .map((file) => join(SHARED, file));
}

/** Whether tshark, tcpdump and their tools are on this machine. */
export function hasForeignTools(): boolean {
  return areInstalled("tshark", "tcpdump", "mergecap", "capinfos");
}

/** Captures of one link type as one classic capture file, and which packets came from where. */
export type Merged = {
  readonly path: string;
  readonly sources: readonly { readonly name: string; readonly first: number; readonly count: number }[];
};

/** Joins captures to one file for each link type, so that a foreign reader starts a few times and not hundreds. */
export function mergeCaptures(captures: readonly string[]): {
  merged: readonly Merged[];
  remove: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), "metron-captures-"));
  const kinds = new Map<string, { path: string; count: number }[]>();
  if (captures.length === 0) return { merged: [], remove: () => rmSync(folder, { recursive: true }) };
  const table = run("capinfos", ["-T", "-r", "-E", "-c", ...captures]);
  for (const line of table.trim().split("\n")) {
    const [path = "", kind = "", count = ""] = line.split("\t");
    kinds.set(kind, [...(kinds.get(kind) ?? []), { path, count: Number(count) }]);
  }
  const merged = [...kinds].map(([kind, files]) => {
    const path = join(folder, `${kind}.pcap`);
    run("mergecap", ["-a", "-F", "pcap", "-w", path, ...files.map((file) => file.path)]);
    let first = 0;
    const sources = files.map((file) => {
      first += file.count;
      return { name: basename(file.path), first: first - file.count, count: file.count };
    });
    return { path, sources };
  });
  return { merged, remove: () => rmSync(folder, { recursive: true }) };
}

/** Writes frames of one link type as a classic capture file, each of them a source of its own. */
export function writeCapture(
  path: string,
  linkType: number,
  frames: readonly { readonly name: string; readonly frame: Uint8Array }[],
): Merged {
  const words = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
  const SNAP_LENGTH = 262_144;
  const parts = [words(0xa1b2c3d4, 0x0004_0002, 0, 0, SNAP_LENGTH, linkType)];
  for (const [index, { frame }] of frames.entries())
    parts.push(words(1_700_000_000 + index, 0, frame.length, frame.length), frame);
  writeFileSync(path, Buffer.concat(parts));
  return { path, sources: frames.map(({ name }, first) => ({ name, first, count: 1 })) };
}

/** Where a packet of a merged capture came from, as `file#number`; numbers count from 1, as those of tshark do. */
export function placeOf({ sources }: Merged, packet: number): string {
  const source = sources.find(({ first, count }) => packet >= first && packet < first + count);
  return source === undefined ? `#${packet + 1}` : `${source.name}#${packet - source.first + 1}`;
}

/** What a foreign tool prints. Its complaints are part of the error when it fails. */
export function run(tool: string, parameters: readonly string[]): string {
  return execFileSync(tool, parameters, {
    encoding: "utf8",
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "pipe"],
  });
}
