import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { LINK } from "../decode/link-types.ts";
import { ipv4, tcp, udp } from "../testing/build.ts";
import { sharedCaptures } from "../testing/captures.ts";
import { LINK_SAMPLES } from "../testing/link-samples.ts";
import { mutate, randomOf } from "../testing/mutate.ts";
import { readPcap } from "../testing/read-pcap.ts";
import { TUNNEL_SAMPLES } from "../testing/tunnel-samples.ts";
import { MOST_FIELDS } from "./cursor.ts";
import type { Field } from "./node.ts";
import { packetTree } from "./packet-tree.ts";

const COUNT = 3000;
const LINK_TYPES = Object.values(LINK);
/** Ports of protocols that have one; others are known by their first bytes. */
const PORTS = [21, 22, 25, 53, 67, 80, 88, 123, 443, 445, 5353];

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
  for (let count = 0; count < runs(COUNT); count++) {
    const original = frames[Math.floor(random() * frames.length)]!;
    const frame = mutate(original.frame, random);
    const isOther = random() < 0.1;
    const linkType = isOther ? LINK_TYPES[Math.floor(random() * LINK_TYPES.length)]! : original.linkType;
    const wire = Math.floor(frame.length * (0.5 + random()));
    const trees = [packetTree(frame, linkType, wire)];
    const behind = Math.min(frame.length, 40 + Math.floor(random() * 30));
    const payload = frame.subarray(behind);
    const port = PORTS[Math.floor(random() * PORTS.length)]!;
    const isTcp = random() < 0.5;
    const segment = isTcp ? tcp(40_000, port, payload) : udp(40_000, port, payload);
    const other = ipv4("192.0.2.1", "192.0.2.2", isTcp ? 6 : 17, segment);
    trees.push(packetTree(other, LINK.raw));
    for (const tree of trees) {
      const length = Math.max(frame.length, other.length);
      const fields = tree.layers.reduce((sum, layer) => sum + check(layer.fields, length, 0), 0);
      expect(fields).toBeLessThanOrEqual(MOST_FIELDS);
    }
  }
});

/** Every field is in the packet and has text of a size that people can read; returns how many there are. */
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
