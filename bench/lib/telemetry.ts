import type { Block } from "../../src/core/block.ts";
import { asaTeardown } from "../../src/scenario/formats/others.ts";
import { conn } from "../../src/scenario/formats/zeek.ts";
import { type Random, random } from "../../src/scenario/random.ts";
import { makeFlow } from "../../src/scenario/traffic.ts";

/** What the records of a benchmark look like. */
export type Shape = "zeek" | "zeek-general" | "asa";

/** Records per block, as the sources cut them. */
const RECORDS_PER_BLOCK = 4096;
/** Public addresses in the telemetry, a tenth of which make four fifths of the traffic. */
const ADDRESSES = 10_000;

/** Indicators that are no address of the telemetry, but for one in a thousand of its own. */
export function* indicators(count: number): Generator<[string, { source: string }]> {
  const chance = random(99);
  const addresses = publicAddresses(random(1));
  for (let index = 0; index < count; index++) {
    const own = index % 100_000 === 0 ? addresses[chance.int(0, ADDRESSES - 1)] : undefined;
    yield [own ?? `ioc-${index.toString(36)}-${chance.hex(12)}.example`, { source: "bench" }];
  }
}

function publicAddresses(chance: Random): string[] {
  return Array.from(
    { length: ADDRESSES },
    () => `${chance.int(11, 126)}.${chance.int(0, 255)}.${chance.int(0, 255)}.${chance.int(1, 254)}`,
  );
}

/** Distinct records of a shape, to be repeated: `count` of them, cut into blocks. */
export function makeBlocks(shape: Shape, count: number, arrival: number): Block[] {
  const chance = random(1);
  const addresses = publicAddresses(chance);
  const blocks: Block[] = [];
  const encoder = new TextEncoder();
  for (let made = 0; made < count; made += RECORDS_PER_BLOCK) {
    const records: Uint8Array[] = [];
    for (let index = 0; index < Math.min(RECORDS_PER_BLOCK, count - made); index++) {
      records.push(
        encoder.encode(`${makeRecord(shape, chance, addresses, arrival - (count - made - index) * 10)}\n`),
      );
    }
    blocks.push(toBlock(records, arrival));
  }
  return blocks;
}

function makeRecord(shape: Shape, chance: Random, addresses: readonly string[], time: number): string {
  const target = chance.chance(0.8)
    ? addresses[chance.int(0, ADDRESSES / 10 - 1)]
    : addresses[chance.int(0, ADDRESSES - 1)];
  const flow = makeFlow(chance, {
    time,
    source: chance.chance(0.9) ? `10.10.${chance.int(0, 3)}.${chance.int(1, 254)}` : chance.pick(addresses),
    target: target as string,
    targetPort: chance.pick([80, 443, 443, 443, 53, 22, 8080]),
    service: chance.pick(["http", "ssl", "dns"]),
  });
  if (shape === "asa") return asaTeardown(flow, "10.0.0.1", chance.int(1e6, 9e8));
  const record = widen(conn(flow), chance);
  return shape === "zeek" ? record : generalize(record, chance);
}

/** A connection as a busy site logs it, about 600 bytes: link addresses, VLAN and the times of the handshake too. */
function widen(record: string, chance: Random): string {
  const more = {
    orig_l2_addr: `02:00:5e:10:${chance.hex(2)}:${chance.hex(2)}`,
    resp_l2_addr: "02:00:5e:10:00:01",
    vlan: chance.int(10, 40),
    syn_ts: chance.int(1, 999_999) / 1_000_000,
    ip_proto: 6,
  };
  return `${record.slice(0, -2)},${JSON.stringify(more).slice(1)}}`;
}

/** The same record with its keys in another order, an escape and text beyond ASCII: what no key template fits. */
function generalize(record: string, chance: Random): string {
  const inner = Object.entries((JSON.parse(record) as { conn: Record<string, unknown> }).conn);
  for (let index = inner.length - 1; index > 0; index--) {
    const other = chance.int(0, index);
    [inner[index], inner[other]] = [inner[other] as [string, unknown], inner[index] as [string, unknown]];
  }
  inner.push(["note", 'Zür "quoted" ünïcode\n\tend']);
  return JSON.stringify({ conn: Object.fromEntries(inner) });
}

function toBlock(records: readonly Uint8Array[], arrival: number): Block {
  const bytes = new Uint8Array(records.reduce((sum, record) => sum + record.length, 0));
  const ends = new Uint32Array(records.length);
  let at = 0;
  for (const [index, record] of records.entries()) {
    bytes.set(record, at);
    at += record.length;
    ends[index] = at;
  }
  return { bytes, ends, arrival };
}
