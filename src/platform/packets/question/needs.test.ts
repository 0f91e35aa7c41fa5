import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { PacketQuestion } from "../../../api/packet-selection.ts";
import { makeContext } from "../../../core/context.ts";
import { runs } from "../../../core/testing/runs.ts";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import { selectPackets } from "../../../pcap/filters/filter.ts";
import { bytes, ethernet, ipv4, ipv6, packetsOf, tcp, udp, vlan } from "../../../pcap/testing/build.ts";
import { chance } from "../../../pcap/testing/chance.ts";
import { LINK_SAMPLES } from "../../../pcap/testing/link-samples.ts";
import { mutate } from "../../../pcap/testing/mutate.ts";
import { TUNNEL_SAMPLES } from "../../../pcap/testing/tunnel-samples.ts";
import { makeEnvironment } from "../../../stellar/run/environment.ts";
import type { PacketQuery, PacketStore } from "../../../storage/packets/contract.ts";
import { openPacketStore } from "../../../storage/packets/files/packet-store.ts";
import { type CompiledQuestion, compileQuestion } from "./question.ts";

/** Filters whose bytes and the index's layers may not agree, over frames of every link, most of them damaged. */
const FILTERS = runs(60, 250);
const ETHERNET = 1;

const { below, often } = chance(20_261_130);
const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;

const HOSTS = ["192.0.2.1", "192.0.2.2", "10.0.0.7", "198.51.100.1"];
const HOSTS6 = ["2001:db8::1", "2001:db8::2", "fd00::7", "::ffff:10.0.0.7"];
const PORTS = [1000, 443, 53, 65_535, 4789];

/** A packet of ARP that asks for one of the hosts. */
function arp(operation: string): Uint8Array {
  const four = (host: string) => Uint8Array.from(host.split(".").map(Number));
  return bytes(
    `0001 0800 06 04 ${operation} 00005e005301`,
    four(pick(HOSTS)),
    "000000000000",
    four(pick(HOSTS)),
  );
}

function plainFrame(): Uint8Array {
  const payload = bytes("68656c6c6f");
  const [source, destination] = [pick(PORTS), pick(PORTS)];
  const isTcp = often(50);
  const transport = isTcp ? tcp(source, destination, payload) : udp(source, destination, payload);
  const protocol = isTcp ? 6 : 17;
  const isIpv4 = often(60);
  const fragment = bytes(isTcp ? "06" : "11", "00 00 00 00000001", transport);
  const packet = isIpv4
    ? ipv4(pick(HOSTS), pick(HOSTS), often(5) ? pick([1, 2, 50, 51, 132]) : protocol, transport)
    : ipv6(pick(HOSTS6), pick(HOSTS6), often(10) ? 44 : protocol, often(10) ? fragment : transport);
  const type = isIpv4 ? 0x0800 : 0x86dd;
  if (often(15)) return ethernet(often(80) ? 0x0806 : 0x8035, arp("0001"));
  return often(20) ? ethernet(0x8100, vlan(below(3), type, packet)) : ethernet(type, packet);
}

function frames(count: number): ReadonlyMap<number, Uint8Array[]> {
  const random = () => below(1 << 24) / 2 ** 24;
  const samples = [...LINK_SAMPLES, ...TUNNEL_SAMPLES];
  const byLink = new Map<number, Uint8Array[]>();
  for (let number = 0; number < count; number++) {
    const { linkType, frame } = often(60) ? { linkType: ETHERNET, frame: plainFrame() } : pick(samples);
    const made = often(40) ? frame : mutate(frame, random);
    byLink.set(linkType, [...(byLink.get(linkType) ?? []), made]);
  }
  return byLink;
}

let store: PacketStore;
beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), "packets-"));
  store = openPacketStore({ folder, bytes: 1 << 30, segmentBytes: 64 << 10 }, makeContext());
  const decoder = openDecoder();
  let micros = 0;
  for (const [linkType, made] of frames(2500)) {
    const writer = store.writer(`link ${linkType}`);
    for (let from = 0; from < made.length; from += 200) {
      const packets = packetsOf(linkType, made.slice(from, from + 200));
      for (let row = 0; row < packets.count; row++) packets.micros[row] = micros++;
      writer.append(packets, decoder.decode(packets));
    }
    writer.close();
  }
  return () => rmSync(folder, { recursive: true, force: true });
});

const direction = () => pick(["", "", "src ", "dst ", "src and dst "]);

function tcpdumpFilter(depth: number): string {
  const port = pick(PORTS);
  const primitives = [
    () => `${direction()}host ${pick(HOSTS)}`,
    () => `${direction()}host ${pick(HOSTS6)}`,
    () => `ip ${direction()}host ${pick(HOSTS)}`,
    () => `arp host ${pick(HOSTS)}`,
    () =>
      `${direction()}net ${pick(["10.0.0.0/8", "192.0.2", "192.0.2.0/31", "0.0.0.0/0", "2001:db8::/32"])}`,
    () => `net ${pick(["192.0.2.0 mask 255.255.255.0", "192.0.0.1 mask 255.255.0.255"])}`,
    () => `${pick(["", "tcp ", "udp "])}${direction()}port ${port}`,
    () => `${pick(["", "tcp "])}portrange ${port}-${Math.min(65_535, port + pick([3, 2000]))}`,
    () =>
      pick([
        "tcp",
        "udp",
        "ip",
        "ip6",
        "arp",
        "rarp",
        "icmp",
        "igmp",
        "esp",
        "ah",
        "vlan",
        "vlan 1",
        "mpls",
        "pppoes",
      ]),
    () => `${pick(["ip ", "ip6 ", ""])}proto ${pick([6, 17, 44, 51, 41, 47, 60])}`,
    () =>
      pick([
        "ether proto 0x806",
        "ether proto 0x800",
        "tcp[13] & 2 != 0",
        "ip[0] & 15 < 5",
        "less 60",
        "multicast",
      ]),
  ];
  if (depth === 0 || often(30)) return pick(primitives)();
  if (often(12)) return `not (${tcpdumpFilter(depth - 1)})`;
  return `(${tcpdumpFilter(depth - 1)}) ${pick(["and", "and", "or"])} ${tcpdumpFilter(depth - 1)}`;
}

function stellarFilter(depth: number): string {
  const address = pick(["ip_src_addr", "ip_dst_addr"]);
  const port = pick(["ip_src_port", "ip_dst_port"]);
  const primitives = [
    () => `${address} == '${pick([...HOSTS, ...HOSTS6])}'`,
    () => `'${pick(HOSTS)}' == ${address}`,
    () => `${address} in ['${pick(HOSTS)}', '${pick(HOSTS6)}']`,
    () => `${address} not in ['${pick(HOSTS)}']`,
    () => `${address} in '192.0.2.1,10.0.0.7'`,
    () =>
      `(not exists(ip_src_addr) or IN_SUBNET(${address}, '${pick(["10.0.0.0/8", "192.0.2.0/30", "2001:db8::/32", "::/1"])}'))`,
    () => `IN_SUBNET(${address}, '192.0.0.0/8', '${pick(["10.0.0.0/24", "fd00::/16"])}')`,
    () => `${port} == ${pick(PORTS)}`,
    () => `${port} == ${pick(PORTS)}.0`,
    () => `${port} in [${pick(PORTS)}, ${pick(PORTS)}]`,
    () => `protocol == ${pick([6, 17, 1, 4])}`,
    () => `protocol != 6`,
    () => `(if ${port} == 53 then true else protocol == 17)`,
    () => "true",
  ];
  if (depth === 0 || often(30)) return pick(primitives)();
  if (often(12)) return `not(${stellarFilter(depth - 1)})`;
  const [left, right] = [stellarFilter(depth - 1), stellarFilter(depth - 1)];
  const operator = pick(["and", "&&", "or"]);
  return often(50) ? `(${left}) ${operator} (${right})` : `${left} ${operator} ${right}`;
}

function filter(): PacketQuestion["filter"] {
  const kind = below(5);
  return {
    ...(kind < 3 ? { bpf: tcpdumpFilter(2) } : {}),
    ...(kind > 2 ? { stellar: stellarFilter(2) } : {}),
    ...(often(15) ? { search: pick(["ip_addr:192.0.2.1", "protocol:tcp", "NOT ip_src_port:53"]) } : {}),
  };
}

function find(
  { filter: matches }: CompiledQuestion,
  query: PacketQuery,
): { found: number[]; looked: number } {
  const decoder = openDecoder();
  const found: number[] = [];
  let looked = 0;
  for (const packets of store.reader().find(query)) {
    looked += packets.count;
    for (const packet of selectPackets({ packets, layers: decoder.decode(packets) }, matches))
      found.push(packets.micros[packet] ?? Number.NaN);
  }
  return { found, looked };
}

test("filters of tcpdump and Stellar find by the index what a look at every packet finds", () => {
  const services = { now: 0, environment: () => makeEnvironment() };
  let [some, saved] = [0, 0];
  for (let number = 0; number < FILTERS; number++) {
    const asked = filter();
    const compiled = compileQuestion({ filter: asked, limit: 1_000_000 }, services);
    const byIndex = find(compiled, compiled.query);
    const all = find(compiled, {});
    expect(byIndex.found, JSON.stringify(asked)).toEqual(all.found);
    if (all.found.length > 0) some++;
    if (byIndex.looked < all.looked / 2) saved++;
  }
  // Most find something, and of many the index rules out most.
  expect(some).toBeGreaterThan(FILTERS / 2);
  expect(saved).toBeGreaterThan(FILTERS / 4);
});

test.each([
  [{ bpf: "host 192.0.2.1" }],
  [{ bpf: "ip host 192.0.2.1 and tcp port 443" }],
  [{ bpf: "src net 10.0.0.0/8 and not port 22" }],
  [{ bpf: "ip6 host 2001:db8::1 or arp" }],
  [{ bpf: "tcp port 443 and tcp[13] & 2 != 0" }],
  [{ stellar: "ip_src_addr == '192.0.2.1'" }],
  [{ stellar: "ip_dst_addr in ['10.0.0.7', '2001:db8::1'] and protocol != 1" }],
  [{ stellar: "IN_SUBNET(ip_src_addr, '10.0.0.0/8') and ip_dst_port == 53" }],
])("%j reads through the index", (asked) => {
  const services = { now: 0, environment: () => makeEnvironment() };
  const compiled = compileQuestion({ filter: asked, limit: 1_000_000 }, services);
  expect(find(compiled, compiled.query).looked).toBeLessThan(find(compiled, {}).looked);
});
