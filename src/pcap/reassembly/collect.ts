/** Gathers what is to be put together: the segments and datagrams of packets, by their addresses and ports. */
import { formatIpv4, formatIpv6 } from "../../core/ip.ts";
import { FLAG, type Layers } from "../layers.ts";
import type { Packets } from "../packets.ts";
import type { Conversation, Endpoint } from "./conversation.ts";
import { type DatagramConversation, rebuildDatagrams } from "./datagrams.ts";
import type { OverlapPolicy } from "./overlap.ts";
import { rebuildConversation } from "./rebuild.ts";
import {
  hasHeader,
  type Keep,
  otherSide,
  PROTOCOL,
  type Segment,
  type Side,
  segmentAt,
  TCP,
} from "./segment.ts";
import { splitConnections } from "./split.ts";
import { openTupleMap } from "./tuple-map.ts";

export type CollectorLimits = {
  /** Bytes of payload that are kept; of later packets only the headers are, and conversations have gaps that say `limit`. */
  readonly bytes: number;
  /** Packets that are kept; later ones are dropped and counted. */
  readonly packets: number;
};

const LIMITS: CollectorLimits = { bytes: 512 * 2 ** 20, packets: 2_000_000 };

/** What was not taken in, in packets by reason. */
export type CollectorDropped = {
  /** More packets than the limit. */
  limit: number;
  /** Fragments: put them together first and add the whole datagrams. */
  fragments: number;
  /** The header of TCP or UDP is not there. */
  headless: number;
};

export type Collector = {
  /** Takes in a block. Payloads are copied, so the block may be used again. Packets are numbered on from the block before. */
  add(packets: Packets, layers: Layers): void;
  /** What was gathered, put together; in the order in which conversations began. */
  conversations(policy?: OverlapPolicy): {
    readonly tcp: readonly Conversation[];
    readonly udp: readonly DatagramConversation[];
  };
  readonly dropped: Readonly<CollectorDropped>;
};

type Gathered = {
  /** Side 0 is who sent the first packet. */
  readonly ends: [Endpoint, Endpoint];
  readonly protocol: number;
  readonly segments: Segment[];
};

/** Opens a collector; memory is bounded by `limits`. */
export function openCollector(limits: Partial<CollectorLimits> = {}): Collector {
  const { bytes: byteLimit, packets: packetLimit } = { ...LIMITS, ...limits };
  const tuples = openTupleMap<Gathered>();
  const dropped: CollectorDropped = { limit: 0, fragments: 0, headless: 0 };
  const keep = openKeeper(byteLimit);
  let kept = 0;
  let numbered = 0;

  return {
    dropped,
    add(packets, layers) {
      for (let row = 0; row < layers.count; row++) {
        const protocol = layers.protocol[row]!;
        if (layers.flags[row]! & FLAG.fragment) {
          dropped.fragments++;
          continue;
        }
        if (protocol !== PROTOCOL.tcp && protocol !== PROTOCOL.udp) continue;
        if (layers.sourcePort[row]! < 0 || !hasHeader(packets, layers, row)) dropped.headless++;
        else if (kept >= packetLimit) dropped.limit++;
        else {
          kept++;
          const { segments } = tuples.find(layers, row, gather);
          segments.push(segmentAt(packets, layers, row, tuples.side, numbered + layers.packet[row]!, keep));
        }
      }
      numbered += packets.count;
    },
    conversations(policy = "first") {
      const tcp: Conversation[] = [];
      const udp: DatagramConversation[] = [];
      for (const { ends, protocol, segments } of tuples.values) {
        if (protocol === PROTOCOL.udp) {
          udp.push(rebuildDatagrams(segments, ends));
          continue;
        }
        for (const connection of splitConnections(segments)) {
          const client = clientOf(connection, ends);
          tcp.push(
            client === 0
              ? rebuildConversation(connection, ends, policy)
              : rebuildConversation(connection.map(turn), [ends[1], ends[0]], policy),
          );
        }
      }
      return { tcp, udp };
    },
  };
}

/** Copies payloads into blocks of its own until `limit` bytes are kept. */
function openKeeper(limit: number): Keep {
  const BLOCK = 2 ** 20;
  let block = new Uint8Array(0);
  let at = 0;
  let kept = 0;
  return (bytes, from, length) => {
    if (kept + length > limit) return undefined;
    kept += length;
    if (at + length > block.length) {
      block = new Uint8Array(Math.max(BLOCK, length));
      at = 0;
    }
    const payload = block.subarray(at, at + length);
    payload.set(bytes.subarray(from, from + length));
    at += length;
    return payload;
  };
}

function gather(layers: Layers, row: number): Gathered {
  return { ends: endsOf(layers, row), protocol: layers.protocol[row]!, segments: [] };
}

function endsOf(layers: Layers, row: number): [Endpoint, Endpoint] {
  const version = layers.version[row]!;
  return [
    endpoint(layers.source, version, row, layers.sourcePort[row]!),
    endpoint(layers.destination, version, row, layers.destinationPort[row]!),
  ];
}

function endpoint(words: Uint32Array, version: number, row: number, port: number): Endpoint {
  const at = row * 4;
  const address =
    version === 4
      ? formatIpv4(words[at + 3]!)
      : formatIpv6([words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!]);
  return { address, port };
}

const turn = (segment: Segment): Segment => ({ ...segment, side: otherSide(segment.side) });

/**
 * Which side opened a connection: who sent the first SYN, or was answered by one; without any, the side with the greater port, because
 * servers have the small ones.
 */
function clientOf(segments: readonly Segment[], ends: readonly [Endpoint, Endpoint]): Side {
  const syn = segments.find(({ flags }) => (flags & (TCP.syn | TCP.ack | TCP.reset)) === TCP.syn);
  if (syn !== undefined) return syn.side;
  const answer = segments.find(({ flags }) => (flags & (TCP.syn | TCP.ack)) === (TCP.syn | TCP.ack));
  if (answer !== undefined) return otherSide(answer.side);
  if (ends[0].port !== ends[1].port) return ends[0].port > ends[1].port ? 0 : 1;
  return segments[0]!.side;
}
