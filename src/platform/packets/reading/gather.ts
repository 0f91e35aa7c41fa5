import { communityId } from "../../../pcap/decode/community-id.ts";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import { FLAG, type Layers } from "../../../pcap/layers.ts";
import type { Packets } from "../../../pcap/packets.ts";
import { type CollectorDropped, openCollector } from "../../../pcap/reassembly/collect.ts";
import type { Conversation, Endpoint } from "../../../pcap/reassembly/conversation.ts";
import type { DatagramConversation } from "../../../pcap/reassembly/datagrams.ts";
import {
  type DefragmentDropped,
  datagramBlock,
  describeDropped,
  openDefragmenter,
} from "../../../pcap/reassembly/defragment.ts";
import { PROTOCOL, type Side } from "../../../pcap/reassembly/segment.ts";
import type { ResultReader } from "../result/result-reader.ts";
import { addressOf } from "./row.ts";

/** What is put together of a result at the most. */
const LIMITS = { bytes: 256 * 2 ** 20, packets: 1_000_000 };

/** A conversation of a result, and the packets it came in. */
export type GatheredConversation = {
  readonly communityId: string;
  /** Numbers of its packets from 0, ascending; which side sent each, and when: microseconds since 1970. */
  readonly packets: readonly number[];
  readonly sides: readonly Side[];
  readonly times: readonly number[];
  /** Microseconds of its first and its last packet. */
  readonly first: number;
  readonly last: number;
} & Rebuilt;

/** What the packets of a result say when they are put together. */
export type Gathered = {
  /** In the order in which they began. */
  readonly conversations: readonly GatheredConversation[];
  /** The number in the result, from 1, of a packet that a conversation names. */
  readonly numberOf: (packet: number) => number;
  readonly leftOut: readonly string[];
};

/** The packets between two ends, by their numbers. */
type Tuple = { readonly numbers: number[]; readonly sources: boolean[]; readonly communityId: string };

/** Puts the packets of a result together. */
export async function gather(reader: ResultReader): Promise<Gathered> {
  const decoder = openDecoder();
  const wholes = openDecoder();
  const defragmenter = openDefragmenter();
  const collector = openCollector(LIMITS);
  const tuples = new Map<string, Tuple>();
  const times = new Float64Array(reader.count);
  /** The packet of the result by the collector's number: datagrams that were put together have one of their own. */
  const numbers: number[] = [];
  let next = 0;

  const add = (packets: Packets, layers: Layers, numberOf: (packet: number) => readonly number[]): void => {
    for (let packet = 0; packet < packets.count; packet++) numbers.push(numberOf(packet).at(-1) as number);
    for (let row = 0; row < layers.count; row++) note(layers, row, numberOf(layers.packet[row] as number));
    collector.add(packets, layers);
  };
  const note = (layers: Layers, row: number, packets: readonly number[]): void => {
    const protocol = layers.protocol[row];
    const isWhole = ((layers.flags[row] as number) & FLAG.fragment) === 0;
    const isPorted = protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp;
    if (!isWhole || !isPorted || (layers.sourcePort[row] as number) < 0) return;
    const version = layers.version[row] as number;
    const source = {
      address: addressOf(layers.source, version, row),
      port: layers.sourcePort[row] as number,
    };
    const destination = {
      address: addressOf(layers.destination, version, row),
      port: layers.destinationPort[row] as number,
    };
    const isForward = keyOf(source) <= keyOf(destination);
    const key = tupleKey(protocol, source, destination);
    let tuple = tuples.get(key);
    if (tuple === undefined) {
      tuple = { numbers: [], sources: [], communityId: communityId(layers, row) ?? "" };
      tuples.set(key, tuple);
    }
    for (const number of packets) {
      tuple.numbers.push(number);
      tuple.sources.push(isForward);
    }
  };

  for await (const packets of reader.read(upTo(reader.count))) {
    const before = next;
    const layers = decoder.decode(packets);
    next += packets.count;
    for (let packet = 0; packet < packets.count; packet++)
      times[before + packet] = packets.micros[packet] as number;
    add(packets, layers, (packet) => [before + packet]);
    for (let row = 0; row < layers.count; row++) {
      if (!((layers.flags[row] as number) & FLAG.fragment)) continue;
      const number = before + (layers.packet[row] as number);
      const whole = defragmenter.add(packets, layers, row, number);
      if (whole === undefined) continue;
      const block = datagramBlock([whole]);
      add(block, wholes.decode(block), () => whole.packets);
    }
  }
  defragmenter.end();

  const { tcp, udp } = collector.conversations();
  const byTuple = Map.groupBy<string, Rebuilt>(
    [
      ...tcp.map((conversation) => ({ protocol: "tcp" as const, conversation })),
      ...udp.map((conversation) => ({ protocol: "udp" as const, conversation })),
    ],
    ({ protocol, conversation: { endpoints } }) => tupleKey(PROTOCOL[protocol], ...endpoints),
  );
  const found = [...byTuple].flatMap(([key, all]) => {
    const tuple = tuples.get(key);
    return tuple === undefined ? [] : partOf(tuple, all, numbers, times);
  });
  found.sort((one, other) => one.first - other.first || (one.packets[0] ?? 0) - (other.packets[0] ?? 0));
  return {
    conversations: found,
    numberOf: (packet) => (numbers[packet] ?? 0) + 1,
    leftOut: leftOutOf(collector.dropped, defragmenter.dropped),
  };
}

type Rebuilt =
  | { readonly protocol: "tcp"; readonly conversation: Conversation }
  | { readonly protocol: "udp"; readonly conversation: DatagramConversation };

/**
 * Shares the packets between two ends among the conversations they had: each belongs to the one that began last before it, those before all
 * of them to the first.
 */
function partOf(
  tuple: Tuple,
  all: readonly Rebuilt[],
  numbers: readonly number[],
  times: Float64Array,
): GatheredConversation[] {
  const begun = all
    .map((each) => ({ each, first: numbers[firstPacket(each)] ?? 0 }))
    .sort((one, other) => one.first - other.first);
  const packets = tuple.numbers
    .map((number, at) => ({ number, isForward: tuple.sources[at] === true }))
    .sort((one, other) => one.number - other.number);
  let at = 0;
  return begun.map(({ each }, place) => {
    const end = begun[place + 1]?.first ?? Number.POSITIVE_INFINITY;
    const from = at;
    while (at < packets.length && (packets[at] as { number: number }).number < end) at++;
    const own = packets.slice(from, at);
    const [client, server] = each.conversation.endpoints;
    const isForward = keyOf(client) <= keyOf(server);
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    for (const { number } of own) {
      first = Math.min(first, times[number] as number);
      last = Math.max(last, times[number] as number);
    }
    return {
      ...each,
      communityId: tuple.communityId,
      packets: own.map(({ number }) => number),
      sides: own.map((packet): Side => (packet.isForward === isForward ? 0 : 1)),
      times: own.map(({ number }) => times[number] as number),
      first,
      last,
    };
  });
}

/** The first packet of a conversation, by the collector's number. */
function firstPacket({ protocol, conversation }: Rebuilt): number {
  const seen: readonly { readonly packet: number }[] =
    protocol === "udp" ? conversation.datagrams : [...conversation.chunks, ...conversation.marks];
  return seen.reduce((least, { packet }) => Math.min(least, packet), Number.POSITIVE_INFINITY);
}

function keyOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}

/** Both directions have one key. */
function tupleKey(protocol: number, one: Endpoint, other: Endpoint): string {
  const [first, second] = [keyOf(one), keyOf(other)];
  return first <= second ? `${protocol} ${first} ${second}` : `${protocol} ${second} ${first}`;
}

function* upTo(count: number): Generator<number> {
  for (let number = 0; number < count; number++) yield number;
}

function leftOutOf({ limit, headless }: CollectorDropped, dropped: DefragmentDropped): string[] {
  const sentences: [count: number, sentence: string][] = [
    [
      limit,
      "packets are more than can be put together at once: ask for a shorter time or fewer conversations",
    ],
    [headless, "packets lack the header of TCP or UDP"],
  ];
  const told = sentences.flatMap(([count, sentence]) => (count === 0 ? [] : [`${count} ${sentence}`]));
  return [...told, ...describeDropped(dropped)];
}
