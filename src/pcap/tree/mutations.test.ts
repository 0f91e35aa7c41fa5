import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { LINK } from "../decode/link-types.ts";
import { sharedCaptures } from "../testing/captures.ts";
import { LINK_SAMPLES } from "../testing/link-samples.ts";
import { mutate, randomOf } from "../testing/mutate.ts";
import { readPcap } from "../testing/read-pcap.ts";
import { TUNNEL_SAMPLES } from "../testing/tunnel-samples.ts";
import { MOST_FIELDS } from "./cursor.ts";
import type { Field } from "./node.ts";
import { packetTree, payloadTree } from "./packet-tree.ts";
import { PROTOCOLS, type ProtocolName } from "./payload/protocols.ts";
import { compileTreeFilter } from "./tree-filter.ts";

const COUNT = 3000;
const LINK_TYPES = Object.values(LINK);
const NAMES = Object.keys(PROTOCOLS) as ProtocolName[];

type Frame = { readonly linkType: number; readonly frame: Uint8Array };

function sharedFrames(): readonly Frame[] {
  return sharedCaptures()
    .filter((path) => path.endsWith(".pcap"))
    .flatMap((path) => {
      const packets = readPcap(path);
      return Array.from({ length: Math.min(packets.count, 12) }, (_, packet) => {
        const start = packets.starts[packet]!;
        const frame = packets.bytes.slice(start, start + packets.captured[packet]!);
        return { linkType: packets.seen[0]!.linkType, frame };
      });
    });
}

test(`${COUNT} damaged packets become trees within their bounds`, { timeout: 600_000 }, () => {
  const random = randomOf(20_240_502);
  const frames: readonly Frame[] = [...LINK_SAMPLES, ...TUNNEL_SAMPLES, ...sharedFrames()];
  const filter = compileTreeFilter("ip.src:10.0.0.0/8 OR tcp.len:>3 OR *e*");
  for (let count = 0; count < runs(COUNT); count++) {
    const original = frames[Math.floor(random() * frames.length)]!;
    const frame = mutate(original.frame, random);
    const isOther = random() < 0.1;
    const linkType = isOther ? LINK_TYPES[Math.floor(random() * LINK_TYPES.length)]! : original.linkType;
    const wire = Math.floor(frame.length * (0.5 + random()));
    const trees = [packetTree(frame, linkType, wire)];
    const behind = Math.min(frame.length, 40 + Math.floor(random() * 30));
    const name = NAMES[Math.floor(random() * NAMES.length)]!;
    trees.push(payloadTree(frame.subarray(behind), name, random() < 0.5));
    for (const tree of trees) {
      filter(tree);
      const fields = tree.layers.reduce((sum, layer) => sum + check(layer.fields, frame.length, 0), 0);
      expect(fields).toBeLessThanOrEqual(MOST_FIELDS);
    }
  }
});

/** Every field lies in the packet and has text of a size that people can read; returns how many there are. */
function check(fields: readonly Field[], length: number, depth: number): number {
  let count = fields.length;
  expect(depth).toBeLessThan(30);
  for (const { start, end, shown, value, fields: inner } of fields) {
    if (start < 0 || end < start || end > length || shown.length > 3000 || String(value ?? "").length > 3000)
      expect({ start, end, length, shown }).toBe("within the packet");
    if (inner !== undefined) count += check(inner, length, depth + 1);
  }
  return count;
}
