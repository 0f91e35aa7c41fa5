import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { selectPackets } from "../filters/filter.ts";
import { compileFixedFilter } from "../filters/fixed.ts";
import { payloadSearch } from "../filters/search-filter.ts";
import { compileTcpdumpFilter } from "../filters/tcpdump/tcpdump-filter.ts";
import type { Layers } from "../layers.ts";
import type { Packets } from "../packets.ts";
import { describeRows, packetsOf } from "../testing/build.ts";
import { sharedCaptures } from "../testing/captures.ts";
import { LINK_SAMPLES } from "../testing/link-samples.ts";
import { mutate, randomOf } from "../testing/mutate.ts";
import { readPcap } from "../testing/read-pcap.ts";
import { TUNNEL_SAMPLES } from "../testing/tunnel-samples.ts";
import { communityId } from "./community-id.ts";
import { openDecoder } from "./decode.ts";
import { LINK } from "./link-types.ts";
import { MOST_DEPTH } from "./walk.ts";

const COUNT = 3000;
const AROUND = 200;
const LINK_TYPES = Object.values(LINK);

const FILTERS = [
  "tcp port 80 or udp port 53",
  "not host 10.0.0.2 and ip6",
  "vlan and vlan or mpls and mpls and ip",
  "pppoes and tcp",
  "tcp[((tcp[12] & 0xf0) >> 2):4] != 0",
  "ip[ip[0]] / ip[1] = ip6[len - 20] or ether[len - 1] = 0",
  "net 2001:db8::/32 or icmp6[0] > 1",
].map(compileTcpdumpFilter);
FILTERS.push(
  compileFixedFilter({ ip_src_addr: "192.0.2.1", ip_dst_port: 2000, includes_reverse_traffic: true }),
  payloadSearch({ regex: "^he.*o$|\\x00{3}" }),
);

type Frame = { readonly linkType: number; readonly frame: Uint8Array };

/** Some frames of each shared capture that has the classic form. */
function sharedFrames(): readonly Frame[] {
  return sharedCaptures()
    .filter((path) => path.endsWith(".pcap"))
    .flatMap((path) => {
      const packets = readPcap(path);
      const linkType = packets.seen[0]!.linkType;
      return Array.from({ length: Math.min(packets.count, 20) }, (_, packet) => {
        const start = packets.starts[packet]!;
        return { linkType, frame: packets.bytes.slice(start, start + packets.captured[packet]!) };
      });
    });
}

/** One packet with bytes before and behind it. */
function surrounded(linkType: number, frame: Uint8Array, wire: number, fill: number): Packets {
  const around = new Uint8Array(AROUND).fill(fill);
  const packets = packetsOf(linkType, [around, frame, around]);
  packets.starts[0] = AROUND;
  packets.captured[0] = frame.length;
  packets.original[0] = wire;
  packets.count = 1;
  return packets;
}

/** Everything that can be said of the packets. */
function everything(packets: Packets): { layers: Layers; said: unknown } {
  const layers = openDecoder().decode(packets);
  const rows = Array.from({ length: layers.count }, (_, row) => communityId(layers, row));
  const passed = FILTERS.map((filter) => selectPackets({ packets, layers }, filter).length);
  const places = [layers.network, layers.transport, layers.payload].map((column) =>
    Array.from(column.subarray(0, layers.count)),
  );
  return { layers, said: { text: describeRows(layers), rows, passed, places } };
}

test(`${COUNT} damaged packets are read within their bounds`, { timeout: 600_000 }, () => {
  const random = randomOf(20_240_501);
  const frames: readonly Frame[] = [...LINK_SAMPLES, ...TUNNEL_SAMPLES, ...sharedFrames()];
  for (let count = 0; count < runs(COUNT); count++) {
    const original = frames[Math.floor(random() * frames.length)]!;
    const frame = mutate(original.frame, random);
    const isOther = random() < 0.2;
    const linkType = isOther ? LINK_TYPES[Math.floor(random() * LINK_TYPES.length)]! : original.linkType;
    const wire = Math.floor(frame.length * (0.5 + random()));
    const one = everything(surrounded(linkType, frame, wire, 0));
    // What is around a packet says nothing about it.
    expect(one.said).toEqual(everything(surrounded(linkType, frame, wire, 0xff)).said);
    checkBounds(one.layers, frame.length);
  }
});

function checkBounds(layers: Layers, length: number): void {
  const end = AROUND + length;
  expect(layers.count).toBeGreaterThan(0);
  expect(layers.count).toBeLessThanOrEqual(1 + MOST_DEPTH);
  for (let row = 0; row < layers.count; row++) {
    expect(layers.depth[row]).toBe(row);
    const places = [AROUND, layers.network[row]!, layers.transport[row]!, layers.payload[row]!, end];
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(layers.payload[row]! + layers.payloadLength[row]!).toBeLessThanOrEqual(end);
  }
}
