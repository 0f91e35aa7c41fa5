import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { PacketQuestion } from "../../../api/packet-selection.ts";
import { makeContext } from "../../../core/context.ts";
import { runs } from "../../../core/testing/runs.ts";
import { communityId } from "../../../pcap/decode/community-id.ts";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import { selectPackets } from "../../../pcap/filters/filter.ts";
import { makeEnvironment } from "../../../stellar/run/environment.ts";
import type { PacketQuery, PacketStore } from "../../../storage/packets/contract.ts";
import { openPacketStore } from "../../../storage/packets/files/packet-store.ts";
import { type MadePacket, packetsOf } from "../../../storage/packets/testing/traffic.ts";
import { type CompiledQuestion, compileQuestion } from "./question.ts";

const START = 1_700_000_000_000_000;
const PACKETS = 3000;
const QUERIES = runs(200, 1_000);

/** Numbers that look random and are the same each time (Marsaglia's xorshift). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const random = randomNumbers(20_261_130);
const traffic: MadePacket[] = Array.from({ length: PACKETS }, (_, number) => ({
  micros: START + number * 1000,
  version: random(4) === 0 ? 6 : 4,
  source: random(12),
  destination: random(12),
  sourcePort: 1000 + random(10),
  destinationPort: [53, 123, 443][random(3)] ?? 53,
  vlan: random(5) === 0 ? random(4) : undefined,
  isTunnelled: random(10) === 0,
  payload: Buffer.from(`packet ${number}`),
}));
const communities: string[] = [];

let store: PacketStore;
beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), "packets-"));
  store = openPacketStore({ folder, bytes: 1 << 30, segmentBytes: 64 << 10 }, makeContext());
  const writer = store.writer("test");
  const decoder = openDecoder();
  for (let from = 0; from < PACKETS; from += 500) {
    const packets = packetsOf(traffic.slice(from, from + 500));
    const layers = decoder.decode(packets);
    for (let row = 0; row < layers.count; row += 50) communities.push(communityId(layers, row) ?? "");
    writer.append(packets, layers);
  }
  writer.close();
  return () => rmSync(folder, { recursive: true, force: true });
});

const NETWORKS = ["10.0.0.3", "10.0.0.0/29", "fd00::4", "FD00:0::/126", "192.0.2.1", "0.0.0.0/0", "10.9.9.9"];
const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;

/** A random search; deep ones have NOT, OR and groups. */
function randomSearch(depth: number): string {
  const kind = random(depth > 0 ? 13 : 10);
  const port = 1000 + random(12);
  if (kind === 0) return `ip_src_addr:"${pick(NETWORKS.slice(0, 1))}"`;
  if (kind === 1) return `ip_dst_addr:${pick(["10.0.0.5", "10.0.0.0/30", "192.0.2.2"])}`;
  if (kind === 2) return `ip_addr:"${pick(["fd00::4", "fd00:0:0::1", "10.0.0.7"])}"`;
  if (kind === 3) return `ip_src_port:${port}`;
  if (kind === 4) return `ip_dst_port:[${pick([0, 53])} TO ${pick([123, 200])}]`;
  if (kind === 5) return `protocol:${pick(["UDP", "17", "4", "IPv6", "tcp"])}`;
  if (kind === 6) return `vlan:${random(5)}`;
  if (kind === 7) return `community_id:"${pick(communities)}"`;
  if (kind === 8) return `timestamp:>=${START / 1000 + random(PACKETS)}`;
  if (kind === 9) return `ip_src_addr:[10.0.0.2 TO 10.0.0.${3 + random(8)}}`;
  if (kind === 10) return `NOT ${randomSearch(0)}`;
  const joined = [randomSearch(depth - 1), randomSearch(depth - 1)].join(kind === 11 ? " AND " : " OR ");
  return `(${joined})`;
}

function randomFilter(): PacketQuestion["filter"] {
  if (random(3) > 0) return { search: randomSearch(2) };
  return {
    fixed: {
      ...(random(2) === 0 ? { ip_src_addr: pick(NETWORKS) } : {}),
      ...(random(2) === 0 ? { ip_dst_addr: pick(NETWORKS) } : {}),
      ...(random(3) === 0 ? { ip_src_port: 1000 + random(12) } : {}),
      ...(random(3) === 0 ? { ip_dst_port: pick([53, 443, 80]) } : {}),
      ...(random(3) === 0 ? { protocol: pick([17, "UDP", 6]) } : {}),
      includes_reverse_traffic: random(2) === 0,
    },
    ...(random(4) === 0 ? { search: randomSearch(0) } : {}),
  };
}

function find({ filter }: CompiledQuestion, query: PacketQuery): { found: string[]; looked: number } {
  const decoder = openDecoder();
  const found: string[] = [];
  let looked = 0;
  for (const packets of store.reader().find(query)) {
    looked += packets.count;
    for (const packet of selectPackets({ packets, layers: decoder.decode(packets) }, filter))
      found.push(`${packets.micros[packet]} ${packets.captured[packet]}`);
  }
  return { found, looked };
}

test("finds by the index what a look at every packet finds", () => {
  const services = { now: START / 1000, environment: () => makeEnvironment() };
  let some = 0;
  let saved = 0;
  for (let number = 0; number < QUERIES; number++) {
    const filter = randomFilter();
    const compiled = compileQuestion({ filter, limit: 1_000_000 }, services);
    const byIndex = find(compiled, compiled.query);
    const all = find(compiled, { from: compiled.query.from, to: compiled.query.to });
    expect(byIndex.found, JSON.stringify(filter)).toEqual(all.found);
    if (all.found.length > 0) some++;
    if (byIndex.looked < all.looked) saved++;
  }
  // Most find something, and of most the index rules something out.
  expect(some).toBeGreaterThan(QUERIES / 2);
  expect(saved).toBeGreaterThan(QUERIES / 2);
});
