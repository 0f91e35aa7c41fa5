/**
 * What it costs to take in conversations that somebody chose so that their keys meet in one place of a table, beside as many random ones. They are
 * chosen for the hashes without their secrets, which is all that anybody can know of them: with the secrets both must cost the same.
 */
import { formatIpv6 } from "../../src/core/ip.ts";
import { openDecoder } from "../../src/pcap/decode/decode.ts";
import { openFlows } from "../../src/pcap/flows/flows.ts";
import type { Layers } from "../../src/pcap/layers.ts";
import type { Packets } from "../../src/pcap/packets.ts";
import { openCollector } from "../../src/pcap/reassembly/collect.ts";
import { blockOf, ethernet, ip, udp } from "../../src/pcap/testing/frames.ts";
import { randomOf } from "../../src/pcap/testing/mutate.ts";
import { TupleTable } from "../../src/storage/packets/files/tuples.ts";
import { quantile, threadSeconds } from "./row.ts";

const COUNT = 20_000;
const ROUNDS = 5;
/** How much longer chosen conversations may take than random ones. */
const MOST = 1.5;
const UDP = 17;
const NO_VLAN = 0xffff;

type Words = [number, number, number, number];
/** A datagram of IPv6, source first. */
type Tuple = { readonly source: Words; readonly target: Words; readonly ports: readonly [number, number] };

type Table = {
  readonly name: string;
  /** Makes a tuple of a random one whose key is the same as that of all others, if the hash has no secret. */
  readonly choose: (random: Tuple) => Tuple;
  readonly take: (packets: Packets, layers: Layers) => void;
};

const TABLES: readonly Table[] = [
  {
    name: "flows that are followed",
    choose: meetingBySum,
    take(packets, layers) {
      const flows = openFlows({ emit: () => undefined });
      flows.push(packets, layers);
      flows.end();
    },
  },
  {
    name: "conversations that are put together",
    choose: meetingBySum,
    take: (packets, layers) => openCollector().add(packets, layers),
  },
  {
    name: "conversations of the index of a segment",
    choose: meetingInIndex,
    take: (_packets, layers) => new TupleTable().add(layers, 0, layers.count, 0),
  },
];

/** A row for each table: how many times as long chosen conversations take as random ones. */
export function flooded(): Record<string, string | number>[] {
  return TABLES.map(({ name, choose, take }) => {
    const random = tuples(1);
    const sets = [random, random.map(choose)].map((all) => {
      const packets = blockOf(all.map(frameOf));
      return { packets, layers: openDecoder().decode(packets), seconds: [] as number[] };
    });
    for (let round = 0; round < ROUNDS; round++)
      for (const { packets, layers, seconds } of sets)
        seconds.push(threadSeconds(() => take(packets, layers)));
    const [usual = 0, chosen = 0] = sets.map(({ seconds }) => quantile(seconds, 0.5));
    const ratio = chosen / usual;
    return {
      file: `flood: ${name}`,
      times: COUNT,
      seconds: Math.round(chosen * 1000) / 1000,
      result: `${ratio <= MOST ? "passed" : "FAILED"}: ${ratio.toFixed(2)} times random ones, at most ${MOST}`,
    };
  });
}

function tuples(seed: number): Tuple[] {
  const random = randomOf(seed);
  const word = () => (Math.floor(random() * 65_536) * 65_536 + Math.floor(random() * 65_536)) >>> 0;
  const port = () => 1 + Math.floor(random() * 65_535);
  return Array.from({ length: COUNT }, () => ({
    // The source is always the lower address, so that the index keeps the order.
    source: [0x2001_0db8, word(), word(), word()],
    target: [0x2001_0db9, word(), word(), word()],
    ports: [port(), port()],
  }));
}

function frameOf({ source, target, ports }: Tuple, at: number) {
  const payload = udp(ports[0], ports[1], new Uint8Array(0));
  const packet = ip({ from: formatIpv6(source), to: formatIpv6(target), protocol: UDP, payload });
  return { bytes: ethernet(packet), micros: at };
}

/** `flow-table.ts` and `tuple-map.ts`: the sum of both ends, each mixed word by word. The last word of the target is solved for. */
function meetingBySum({ source, target, ports }: Tuple): Tuple {
  let from = spread(ports[0]);
  for (const word of source) from = mix(from, spread(word));
  let to = spread(ports[1]);
  for (const word of target.slice(0, 3)) to = mix(to, spread(word));
  const wanted = (0 - from - UDP) | 0;
  const last = unspread(to ^ Math.imul(unspread(wanted), inverse(MIX)));
  return { source, ports, target: [target[0], target[1], target[2], last >>> 0] };
}

/** `tuples.ts` of the store: MurmurHash3, whose last word of IPv6 is the third of the target. */
function meetingInIndex({ source, target, ports }: Tuple): Tuple {
  const key = [...source, ...target, ((ports[0] << 16) | ports[1]) >>> 0, (6 << 16) | UDP, NO_VLAN];
  let hash = spread(key[3] as number);
  for (const word of [7, 8, 9, 10, 0, 1, 2, 3, 4, 5]) hash = murmur(hash, spread(key[word] as number));
  const turned = Math.imul(0 - 0xe6546b64, inverse(5));
  const other = rotated(turned, 19);
  const word = Math.imul(rotated(Math.imul(other ^ hash, inverse(0x1b873593)), 17), inverse(0xcc9e2d51));
  return { source, ports, target: [target[0], target[1], unspread(word) >>> 0, target[3]] };
}

const MIX = 0x85ebca6b;

/** What `openSecretHash` does to a word when all of its secret numbers are 0; and back. */
const spread = (word: number): number => word ^ (word >>> 15);
const unspread = (word: number): number => word ^ (word >>> 15) ^ (word >>> 30);
const mix = (value: number, word: number): number => spread(Math.imul(value ^ word, MIX));
const rotated = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
const murmur = (hash: number, word: number): number =>
  (Math.imul(rotated(hash ^ Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593), 13), 5) +
    0xe6546b64) |
  0;

/** The number that an odd one must be multiplied with to make 1, modulo 2^32 (Newton's method). */
function inverse(odd: number): number {
  let made = odd;
  for (let step = 0; step < 5; step++) made = Math.imul(made, 2 - Math.imul(odd, made));
  return made;
}
