import { openDecoder } from "../../../pcap/decode/decode.ts";
import { FLAG, type Layers } from "../../../pcap/layers.ts";
import type { Packets } from "../../../pcap/packets.ts";
import { communityId } from "../../../pcap/decode/community-id.ts";
import { openCollector } from "../../../pcap/reassembly/collect.ts";
import type { Conversation, Endpoint } from "../../../pcap/reassembly/conversation.ts";
import type { DatagramConversation } from "../../../pcap/reassembly/datagrams.ts";
import { datagramPackets, openDefragmenter } from "../../../pcap/reassembly/defragment.ts";
import { PROTOCOL, type Side } from "../../../pcap/reassembly/segment.ts";
import type { ResultReader } from "../result/result-reader.ts";
import { addressOf } from "./row.ts";

/** What is put together of a result at the most. */
const LIMITS = { bytes: 256 * 2 ** 20, packets: 1_000_000 };

/** A conversation of a result, and the packets it came in. */
export type GatheredConversation = {
  readonly communityId: string;
  /** Numbers of its packets from 0, ascending; and which side sent each. */
  readonly packets: readonly number[];
  readonly sides: readonly Side[];
  /** Microseconds of its first and its last packet. */
  readonly first: number;
  readonly last: number;
} & (
  | { readonly protocol: "tcp"; readonly conversation: Conversation }
  | { readonly protocol: "udp"; readonly conversation: DatagramConversation }
);

/** What the packets of a result say when they are put together. */
export type Gathered = {
  /** In the order in which they began. */
  readonly conversations: readonly GatheredConversation[];
  readonly leftOut: readonly string[];
};

/** The packets between two ends, by their numbers. */
type Tuple = { readonly numbers: number[]; readonly sources: boolean[]; communityId: string };

/** Puts the packets of a result together. */
export function gather(reader: ResultReader): Gathered {
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
    const key = isForward ? tupleKey(protocol, source, destination) : tupleKey(protocol, destination, source);
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

  for (const packets of reader.read(upTo(reader.count))) {
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
      const block = datagramPackets([whole]);
      add(block, wholes.decode(block), () => whole.packets);
    }
  }
  defragmenter.end();

  const { tcp, udp } = collector.conversations();
  const found: GatheredConversation[] = [];
  const byTuple = Map.groupBy(
    [
      ...tcp.map((conversation) => ({ protocol: "tcp" as const, conversation })),
      ...udp.map((conversation) => ({ protocol: "udp" as const, conversation })),
    ],
    ({ protocol, conversation: { endpoints } }) => {
      const [client, server] = endpoints;
      const number = PROTOCOL[protocol];
      return keyOf(client) <= keyOf(server)
        ? tupleKey(number, client, server)
        : tupleKey(number, server, client);
    },
  );
  for (const [key, all] of byTuple) {
    const tuple = tuples.get(key);
    if (tuple === undefined) continue;
    const begins = all
      .map((each) => ({ each, first: numbers[firstOf(each.conversation)] ?? 0 }))
      .sort((one, other) => one.first - other.first);
    for (const [place, { each, first }] of begins.entries()) {
      // A packet belongs to the connection that began last before it; those before all belong to the first.
      const from = place === 0 ? 0 : first;
      const to = begins[place + 1]?.first ?? Number.POSITIVE_INFINITY;
      const [client, server] = each.conversation.endpoints;
      const clientIsForward = keyOf(client) <= keyOf(server);
      const own = tuple.numbers
        .map((number, at) => ({
          number,
          side: (tuple.sources[at] === clientIsForward ? 0 : 1) as Side,
        }))
        .filter(({ number }) => number >= from && number < to)
        .sort((one, other) => one.number - other.number);
      const packets = own.map(({ number }) => number);
      found.push({
        ...renumbered(each, numbers),
        communityId: tuple.communityId,
        packets,
        sides: own.map(({ side }) => side),
        first: Math.min(...ends(packets, times)),
        last: Math.max(...ends(packets, times)),
      });
    }
  }
  found.sort((one, other) => one.first - other.first || (one.packets[0] ?? 0) - (other.packets[0] ?? 0));
  return { conversations: found, leftOut: leftOutOf(collector.dropped, defragmenter.dropped) };
}
