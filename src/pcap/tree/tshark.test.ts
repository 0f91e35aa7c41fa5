import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import {
  hasForeignTools,
  type Merged,
  placeOf,
  run,
  sharedCaptures,
  writeCapture,
} from "../testing/captures.ts";
import { readPcap } from "../testing/read-pcap.ts";
import type { Field, PacketTree } from "./node.ts";
import { packetTree } from "./packet-tree.ts";
import { readPdml } from "./pdml.ts";
import { type Difference, EXPLAINED } from "./testing/differences.ts";

const captures = sharedCaptures().filter((path) => path.endsWith(".pcap"));
const isPossible = captures.length > 0 && hasForeignTools();
if (!isPossible) console.warn("No captures to compare with tshark, or no tshark: left out.");

/** Nothing is put together from several packets, and numbers are as they are written. */
const OPTIONS = [
  "ip.defragment:FALSE",
  "ipv6.defragment:FALSE",
  "tcp.desegment_tcp_streams:FALSE",
  "tcp.relative_sequence_numbers:FALSE",
].flatMap((option) => ["-o", option]);

/** Packets that are compared of each capture; what follows is mostly more of the same. */
const MOST_PACKETS = 12;

type Frame = { readonly name: string; readonly linkType: number; readonly frame: Uint8Array };

test.skipIf(!isPossible)("fields and their bytes are those of tshark", { timeout: 600_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "metron-trees-"));
  const packets = [...Map.groupBy(captures.flatMap(framesOf), ({ linkType }) => linkType)].flatMap(
    ([linkType, frames]) =>
      readBoth(writeCapture(join(folder, `${linkType}.pcap`), linkType, frames), linkType),
  );
  rmSync(folder, { recursive: true });
  const known = new Set(packets.flatMap(({ theirs }) => theirs.map(nameOf)));
  const own = new Set(packets.flatMap(({ ours }) => ours.map(nameOf)));
  // Names that tshark does not have here at all would never be compared: nearly all are groups.
  expect([...own].filter((name) => known.has(name)).length).toBeGreaterThan(300);
  const differences = packets.flatMap((packet) => differencesIn(packet, own, known));
  const unexplained = Map.groupBy(
    differences.filter((difference) => !EXPLAINED.some(({ is }) => is(difference))),
    ({ field, whose }) => `${field}, only ${whose}`,
  );
  expect(
    [...unexplained].map(
      ([what, [first, ...more]]) =>
        `${what}: ${1 + more.length}, ${first?.place} ${first?.at} ${first?.protocols}`,
    ),
  ).toEqual([]);
  const needless = EXPLAINED.filter(({ is }) => !differences.some(is));
  expect(needless.map(({ why }) => why)).toEqual([]);
});

type Both = {
  readonly place: string;
  readonly protocols: string;
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
};

function readBoth(capture: Merged, linkType: number): readonly Both[] {
  const packets = readPcap(capture.path);
  const trees = readPdml(run("tshark", ["-n", "-r", capture.path, "-T", "pdml", ...OPTIONS]));
  expect(trees.length).toBe(packets.count);
  return trees.map((theirs, packet) => {
    const start = packets.starts[packet]!;
    const frame = packets.bytes.subarray(start, start + packets.captured[packet]!);
    return {
      protocols: theirs.layers.map(({ name }) => name).join(":"),
      place: placeOf(capture, packet),
      ours: placesOf(packetTree(frame, linkType)),
      theirs: placesOf(theirs),
    };
  });
}

function framesOf(path: string): readonly Frame[] {
  const packets = readPcap(path);
  return Array.from({ length: Math.min(packets.count, MOST_PACKETS) }, (_, packet) => {
    const start = packets.starts[packet]!;
    const frame = packets.bytes.subarray(start, start + packets.captured[packet]!);
    return { name: `${basename(path)}#${packet + 1}`, linkType: packets.seen[0]!.linkType, frame };
  });
}

/** Each field as `name@start+size`. */
function placesOf({ layers }: PacketTree): readonly string[] {
  const places: string[] = [];
  const walk = (fields: readonly Field[]): void => {
    for (const { name, start, end, fields: inner } of fields) {
      if (name !== "") places.push(`${name}@${start}+${end - start}`);
      if (inner !== undefined) walk(inner);
    }
  };
  for (const { fields } of layers) walk(fields);
  return places;
}

const nameOf = (place: string): string => place.slice(0, place.indexOf("@"));

/** What one has and the other has not, of the fields that both know. */
function differencesIn(
  { place, protocols, ours, theirs }: Both,
  own: Set<string>,
  known: Set<string>,
): readonly Difference[] {
  const left = new Map<string, number>();
  for (const at of theirs) left.set(at, (left.get(at) ?? 0) + 1);
  const differences: Difference[] = [];
  for (const at of ours) {
    const count = left.get(at) ?? 0;
    if (count > 0) left.set(at, count - 1);
    else if (known.has(nameOf(at)))
      differences.push({ field: nameOf(at), at, place, protocols, whose: "ours" });
  }
  for (const [at, count] of left)
    if (count > 0 && own.has(nameOf(at)))
      differences.push({ field: nameOf(at), at, place, protocols, whose: "theirs" });
  return differences;
}
