import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runs } from "../../../core/testing/runs.ts";
import { openDecoder } from "../../decode/decode.ts";
import { LINK } from "../../decode/link-types.ts";
import type { Packets } from "../../packets.ts";
import {
  hasForeignTools,
  type Merged,
  mergeCaptures,
  placeOf,
  run,
  sharedCaptures,
  writeCapture,
} from "../../testing/captures.ts";
import { LINK_SAMPLES } from "../../testing/link-samples.ts";
import { mutate, randomOf } from "../../testing/mutate.ts";
import { readPcap } from "../../testing/read-pcap.ts";
import { TUNNEL_SAMPLES } from "../../testing/tunnel-samples.ts";
import { selectPackets } from "../filter.ts";
import { compileTcpdumpFilter } from "./tcpdump-filter.ts";

const hasTools = hasForeignTools();
if (!hasTools) console.warn("No tcpdump to compare filters with: left out.");
const { merged, remove } = hasTools ? mergeCaptures(sharedCaptures()) : { merged: [], remove: () => {} };
const folder = mkdtempSync(join(tmpdir(), "metron-filters-"));
afterAll(() => {
  remove();
  rmSync(folder, { recursive: true });
});

/** Frames of our samples with bytes changed or left out, so that filters read behind the end of many. */
function damaged(linkType: number, count: number): Merged {
  const random = randomOf(7);
  const samples = [...LINK_SAMPLES, ...TUNNEL_SAMPLES].filter((sample) => sample.linkType === linkType);
  const frames = Array.from({ length: count }, (_, at) => ({
    name: `damaged ${linkType} ${at}`,
    frame: mutate(samples[at % samples.length]!.frame, random),
  }));
  return writeCapture(join(folder, `${linkType}.pcap`), linkType, frames);
}

const damagedEthernet = damaged(LINK.ethernet, 3000);
const damagedCooked = [LINK.linuxCooked, LINK.linuxCooked2].map((linkType) => damaged(linkType, 300));
const decoded = [...merged, ...damagedCooked, damagedEthernet].map((capture) => {
  const packets = readPcap(capture.path);
  return { capture, packets, layers: openDecoder().decode(packets) };
});

const FILTERS = [
  "tcp",
  "udp",
  "icmp",
  "icmp6",
  "sctp",
  "igmp",
  "ip",
  "ip6",
  "arp",
  "rarp",
  "esp or ah or pim or vrrp",
  "stp or iso or netbeui",
  "not ip and not ip6",
  "host 192.168.1.1",
  "src host 10.0.0.1 or dst host 8.8.8.8",
  "src or dst host 127.0.0.1",
  "src and dst host 127.0.0.1",
  "net 10",
  "src net 0.0.0.0/0 and not udp",
  "net ::/0 or src net 2001:db8::/40",
  "net 192.168",
  "src net 172.16.0.0/12",
  "net 192.168.0.0 mask 255.255.0.0",
  "dst net 2001:db8::/32 or src net fe80::/10",
  "host fe80::200:86ff:fe05:80da",
  "ip6 host ::1",
  "arp host 192.168.1.1",
  "ip host 127.0.0.1 and not port 80",
  "host 141.142.228.5 and 10.10.1.4 or 1.2.3.4",
  "port 80",
  "port 80 or 443 or 53",
  "port (80 or 443) and tcp",
  "tcp port http or https",
  "udp dst port 53",
  "src and dst port 53",
  "tcp src port 80 and greater 1000",
  "portrange 6000-65535",
  "udp portrange 53-123",
  "less 60",
  "greater 1500",
  "len > 100 and len <= 200",
  "proto 6",
  "ip proto \\tcp",
  "ip proto 47 or 41 or 4",
  "ip6 proto 58",
  "proto 44",
  "ether proto 0x8100 or ether proto 0x8847",
  "ether proto \\arp",
  "ether proto 0x42",
  "ether broadcast",
  "broadcast or multicast",
  "ip multicast or ip6 multicast",
  "ether host ff:ff:ff:ff:ff:ff",
  "ether src 00:00:00:00:00:00",
  "not ether dst 00:00:00:00:00:00 and port 80",
  "vlan",
  "vlan 10 and tcp",
  "vlan and vlan and ip",
  "not vlan and tcp port 80",
  "vlan or tcp",
  "mpls",
  "mpls and ip",
  "mpls and mpls and host 10.0.0.1",
  "pppoed or pppoes",
  "pppoes and ip",
  "tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn",
  "tcp[tcpflags] & tcp-syn != 0 and not src net 127",
  "ip[0] & 0xf != 5",
  "ip[6:2] & 0x1fff != 0",
  "ip[2:2] > 1000 or ip6[4:2] > 1000",
  "((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0",
  "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420",
  "udp[8:2] = 0x0001 or udp[10] & 0x80 != 0",
  "icmp[icmptype] = icmp-echo or icmp[icmptype] != icmp-echoreply",
  "icmp6[icmp6type] == icmp6-neighborsolicit",
  "ether[0] & 1 = 0 and ip[16] >= 224",
  "ether[len - 1] = 0",
  "link[12:2] = 0x800 and arp[6:2] = 1",
  "tcp[100:4] * 3 % 7 = 2 or ip[8] / ip[9] > 3",
  "-ip[8] < 0xffffff00 or ip[8] ^ 0xff < 0x80",
  "not tcp[200] = 0",
  "!(tcp or udp) && !icmp || ip[9] = 17",
  "outbound and port 2000",
  "inbound",
  "ip[2:2] + 14 < len",
];

/** What tcpdump says of filters that are for other links. We let NOT and OR of such a condition pass what they can. */
const REFUSED =
  /no (VLAN|MPLS) support|no VLAN match after MPLS|supported only on|not supported|not a broadcast link|unsupported protocol over mpls/;

/** Packets of captures from BSD that tcpdump misses on Linux, where the family of IPv6 has another number. */
const FAMILIES = /^quic__interop__quic-go_quic-go__handshake\.pcap#/;

test.skipIf(!hasTools).each(FILTERS)("%s", { timeout: 120_000 }, (text) => {
  const filter = compileTcpdumpFilter(text);
  for (const { capture, packets, layers } of decoded) {
    const ours = selectPackets({ packets, layers }, filter);
    const theirs = filteredByTcpdump(capture.path, packets, text);
    if (theirs === undefined) continue;
    const name = (packet: number): string => placeOf(capture, packet);
    const isFamily = (place: string): boolean => FAMILIES.test(place);
    expect(ours.map(name).filter((place) => !isFamily(place))).toEqual(
      theirs.map(name).filter((place) => !isFamily(place)),
    );
  }
});

/** Conditions for random filters, those that change what follows among them. */
const CONDITIONS = [
  "tcp",
  "udp",
  "ip",
  "ip6",
  "arp",
  "icmp",
  "vlan",
  "vlan 5",
  "vlan 10",
  "mpls",
  "mpls 16",
  "pppoes",
  "pppoes 7",
  "port 80",
  "port 443 or 2000",
  "portrange 1000-2000",
  "udp src port 5555",
  "dst port 4789",
  "host 192.0.2.1",
  "src net 192.0.2.0/24",
  "src and dst net 10.0.0.0/8",
  "host 2001:db8::1",
  "ip proto 47",
  "proto 4 or 41",
  "ip6 proto 6",
  "igmp or esp",
  "ether proto 0x8847",
  "ip multicast",
  "ip[9] = 17",
  "tcp[13] & 2 = 0",
  "udp[4:2] > 20",
  "ip6[6] = 6",
  "icmp[0] = 8",
  "ip[6:2] & 0x1fff = 0",
  "ip[0] & 15 > 5",
  "ip[ip[0] & 7] + 3 > ip[8]",
  "ether[12:2] = 0x800",
  "len - 14 = ip[2:2]",
  "less 100",
  "greater 80",
];

/** Conditions joined and nested at random. */
function randomFilter(random: () => number, depth: number): string {
  const kind = random();
  const not = random() < 0.3 ? "not " : "";
  if (depth === 0 || kind < 0.3) return `${not}(${CONDITIONS[Math.floor(random() * CONDITIONS.length)]})`;
  if (kind > 0.8) return `${not}(${randomFilter(random, depth - 1)})`;
  const operator = random() < 0.5 ? "and" : "or";
  return `${randomFilter(random, depth - 1)} ${operator} ${randomFilter(random, depth - 1)}`;
}

test.skipIf(!hasTools)("random filters over damaged packets", () => {
  const random = randomOf(11);
  const { capture, packets, layers } = decoded.at(-1)!;
  let compared = 0;
  const tries = runs(30, 100);
  for (let count = 0; count < tries; count++) {
    const text = randomFilter(random, 3);
    // Its optimizer leaves out reads whose result does not matter, so that cut packets pass more often.
    const theirs = filteredByTcpdump(capture.path, packets, text, "-O");
    if (theirs === undefined) continue;
    compared++;
    expect([text, selectPackets({ packets, layers }, compileTcpdumpFilter(text))]).toEqual([text, theirs]);
  }
  expect(compared).toBeGreaterThan(tries / 2);
});

/** The packets that tcpdump lets pass; undefined when it refuses the filter for such a link. */
function filteredByTcpdump(
  path: string,
  packets: Packets,
  text: string,
  ...options: readonly string[]
): readonly number[] | undefined {
  const result = join(folder, "filtered.pcap");
  try {
    run("tcpdump", [...options, "-Z", "root", "-r", path, "-w", result, "--", text]);
  } catch (error) {
    if (String(error).includes("expression rejects all packets")) return [];
    if (REFUSED.test(String(error))) return undefined;
    throw error;
  }
  const passed = readPcap(result);
  const found: number[] = [];
  for (let packet = 0; packet < packets.count && found.length < passed.count; packet++) {
    if (isSame(packets, packet, passed, found.length)) found.push(packet);
  }
  expect(found.length).toBe(passed.count);
  return found;
}

function isSame(one: Packets, packet: number, other: Packets, row: number): boolean {
  if (one.micros[packet] !== other.micros[row] || one.captured[packet] !== other.captured[row]) return false;
  return Buffer.from(one.bytes.buffer, one.starts[packet], one.captured[packet]).equals(
    Buffer.from(other.bytes.buffer, other.starts[row], other.captured[row]),
  );
}
