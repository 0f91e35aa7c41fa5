import { afterAll, expect, test } from "vitest";
import {
  hasForeignTools,
  type Merged,
  mergeCaptures,
  placeOf,
  run,
  sharedCaptures,
} from "../testing/captures.ts";
import { readPcap } from "../testing/read-pcap.ts";
import type { Field, PacketTree } from "./node.ts";
import { packetTree } from "./packet-tree.ts";
import { readPdml } from "./pdml.ts";

const captures = sharedCaptures();
const isPossible = captures.length > 0 && hasForeignTools();
if (!isPossible) console.warn("No captures to compare with tshark, or no tshark: left out.");
const { merged, remove } = isPossible ? mergeCaptures(captures) : { merged: [], remove: () => {} };
afterAll(remove);

/** Nothing is put together from several packets, and nothing is guessed. */
const OPTIONS = [
  "ip.defragment:FALSE",
  "ipv6.defragment:FALSE",
  "tcp.desegment_tcp_streams:FALSE",
  "tcp.relative_sequence_numbers:FALSE",
  "tls.desegment_ssl_records:FALSE",
].flatMap((option) => ["-o", option]);

/** Packets that are compared of each capture: the largest ones repeat themselves. */
const MOST_PACKETS = 40;

type Difference = {
  readonly place: string;
  readonly protocols: string;
  readonly field: string;
  readonly is: "only ours" | "only theirs";
};

function differencesIn(capture: Merged, seen: Map<string, number>): readonly Difference[] {
  const packets = readPcap(capture.path);
  const linkType = packets.seen[0]!.linkType;
  const wanted = capture.sources.flatMap(({ first, count }) =>
    Array.from({ length: Math.min(count, MOST_PACKETS) }, (_, index) => first + index),
  );
  const differences: Difference[] = [];
  const CHUNK = 400;
  for (let from = 0; from < wanted.length; from += CHUNK) {
    const part = wanted.slice(from, from + CHUNK);
    const filter = `frame.number in {${part.map((packet) => packet + 1).join(", ")}}`;
    const trees = readPdml(run("tshark", ["-n", "-r", capture.path, "-T", "pdml", "-Y", filter, ...OPTIONS]));
    expect(trees.length).toBe(part.length);
    for (const [index, theirs] of trees.entries()) {
      const packet = part[index]!;
      const start = packets.starts[packet]!;
      const frame = packets.bytes.subarray(start, start + packets.captured[packet]!);
      const ours = packetTree(frame, linkType, packets.original[packet]);
      compare(ours, theirs, seen, (field, is) =>
        differences.push({
          place: placeOf(capture, packet),
          protocols: theirs.layers.map(({ name }) => name).join(":"),
          field,
          is,
        }),
      );
    }
  }
  return differences;
}
