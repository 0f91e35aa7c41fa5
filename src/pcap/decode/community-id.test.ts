import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseIp } from "../../core/ip.ts";
import type { Layers } from "../layers.ts";
import { bytes, ethernet, ipv4, packetsOf, tcp } from "../testing/build.ts";
import { readPcap } from "../testing/read-pcap.ts";
import { communityId } from "./community-id.ts";
import { openDecoder } from "./decode.ts";
import { LINK } from "./link-types.ts";

const FOLDER = join(import.meta.dirname, "../../../../shared/data/pcap/community-id");
const hasBaselines = existsSync(FOLDER);
if (!hasBaselines) console.warn("No baselines of Community ID: left out.");

type Baseline = {
  proto: number;
  saddr: string;
  daddr: string;
  sport: number | null;
  dport: number | null;
  communityid: string;
};

/** A row in the words of the baselines; of their ICMP, the second port is the type of the reply. */
function keyOf(layers: Layers, row: number): string {
  const address = (words: Uint32Array): string =>
    layers.version[row] === 4 ? `${words[4 * row + 3]}` : words.subarray(4 * row, 4 * row + 4).join();
  const ports = [1, 58].includes(layers.protocol[row]!)
    ? layers.sourcePort[row]
    : `${layers.sourcePort[row]} ${layers.destinationPort[row]}`;
  return `${layers.protocol[row]} ${address(layers.source)} ${address(layers.destination)} ${ports}`;
}

function keyOfBaseline({ proto, saddr, daddr, sport, dport }: Baseline): string {
  const ports = [1, 58].includes(proto) ? sport : `${sport ?? -1} ${dport ?? -1}`;
  return `${proto} ${parseIp(saddr)} ${parseIp(daddr)} ${ports}`;
}

const FILES = ["icmp", "icmp6", "ipv6", "rsvp", "sctp", "tcp", "udp"];

test.skipIf(!hasBaselines).each([
  ["baseline_deflt.json", 0],
  ["baseline_seed1.json", 1],
])("every packet has the Community ID of %s", (file, seed) => {
  const baselines: readonly Baseline[] = JSON.parse(readFileSync(join(FOLDER, file), "utf8"));
  const expected = new Map(baselines.map((baseline) => [keyOfBaseline(baseline), baseline.communityid]));
  const found = new Map<string, string | undefined>();
  for (const name of FILES) {
    const layers = openDecoder().decode(readPcap(join(FOLDER, `${name}.pcap`)));
    for (let row = 0; row < layers.count; row++)
      found.set(keyOf(layers, row), communityId(layers, row, seed));
  }
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
});

test("both directions have one Community ID", () => {
  const one = ethernet(0x0800, ipv4("128.232.110.120", "66.35.250.204", 6, tcp(34855, 80, bytes())));
  const other = ethernet(0x0800, ipv4("66.35.250.204", "128.232.110.120", 6, tcp(80, 34855, bytes())));
  const layers = openDecoder().decode(packetsOf(LINK.ethernet, [one, other]));
  const expected = "1:LQU9qZlK+B5F3KDmev6m5PMibrg=";
  expect([communityId(layers, 0), communityId(layers, 1)]).toEqual([expected, expected]);
});

test("what has no addresses, or lacks its ports, has no Community ID", () => {
  const later = ipv4("10.0.0.1", "10.0.0.2", 6, tcp(1, 2, bytes()));
  later[7] = 1;
  const layers = openDecoder().decode(
    packetsOf(LINK.ethernet, [ethernet(0x0806, bytes()), ethernet(0x0800, later)]),
  );
  expect([communityId(layers, 0), communityId(layers, 1)]).toEqual([undefined, undefined]);
});
