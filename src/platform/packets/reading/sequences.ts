import type { z } from "zod";
import type { getTiming } from "../../../api/conversations.ts";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import { FLAG, type Layers } from "../../../pcap/layers.ts";
import type { Packets } from "../../../pcap/packets.ts";
import type { Endpoint } from "../../../pcap/reassembly/conversation.ts";
import {
  otherSide,
  PROTOCOL,
  type Segment,
  segmentAt,
  TCP,
  unwrap,
} from "../../../pcap/reassembly/segment.ts";
import { addressOf } from "./row.ts";

export type Sequences = NonNullable<z.output<(typeof getTiming)["response"]>["sequences"]>;
type Step = Sequences["client"][number];

/** What the numbers of TCP said so far of the bytes of one side. */
type Progress = {
  /** The sequence number of its first byte, once one is known. */
  base: number | undefined;
  sent: number;
  acknowledged: number;
  /** Up to where the listener takes bytes, as it said last. */
  limit: number | undefined;
  /** Bytes before its FIN, which takes a number of its own. */
  end: number | undefined;
  /** How its own windows are scaled, told by its SYN: undefined without a SYN, -1 in a SYN without the option. */
  scale: number | undefined;
  readonly steps: Map<number, Step>;
};

const HEADER = 20;
/** The option of the window's scale, and the largest there is (RFC 7323, 2.2 and 2.3). */
const SCALE = 3;
const MOST_SCALE = 14;

/**
 * How far a connection of TCP was at each time: what each side had sent, what of it the other side had acknowledged, and up to where the
 * other side could take more (RFC 9293, 3.4; scaled by RFC 7323, 2).
 *
 * @param blocks the packets of the connection, in order of time
 * @param numbers their numbers in the result, from 0
 * @param wanted steps per side at most: of those that fall together the last one stays
 */
export async function sequencesOf(
  blocks: AsyncIterable<Packets> | Iterable<Packets>,
  { endpoints, first, last }: { endpoints: readonly [Endpoint, Endpoint]; first: number; last: number },
  numbers: readonly number[],
  wanted: number,
): Promise<Sequences> {
  const decoder = openDecoder();
  const sides: readonly [Progress, Progress] = [begin(), begin()];
  const width = (last - first) / wanted;
  let next = 0;
  let leftOut = 0;
  for await (const packets of blocks) {
    const layers = decoder.decode(packets);
    const placed = new Set<number>();
    for (let row = 0; row < layers.count; row++) {
      const packet = layers.packet[row] as number;
      const side = sideOf(layers, row, endpoints);
      if (side === undefined || placed.has(packet)) continue;
      const number = (numbers[next + packet] as number) + 1;
      const segment = segmentAt(packets, layers, row, side, number);
      if (segment === undefined) continue;
      placed.add(packet);
      take(sides, segment, () => scaleOf(packets, layers, row));
      const place = width === 0 ? 0 : Math.floor((segment.micros - first) / width);
      for (const { steps, sent, acknowledged, limit } of sides)
        steps.set(place, {
          ...{ time: segment.micros / 1000, packet: number, sent, acknowledged },
          ...(limit === undefined ? {} : { limit }),
        });
    }
    next += packets.count;
    leftOut += packets.count - placed.size;
  }
  const [client, server] = sides.map(({ steps }) => changesOf([...steps.values()]));
  return { client: client ?? [], server: server ?? [], leftOut };
}

function begin(): Progress {
  return {
    ...{ base: undefined, sent: 0, acknowledged: 0, limit: undefined, end: undefined, scale: undefined },
    steps: new Map(),
  };
}

/** Whose packet a row is; undefined for another conversation's, and for a fragment. */
function sideOf(layers: Layers, row: number, [client, server]: readonly [Endpoint, Endpoint]) {
  if (layers.protocol[row] !== PROTOCOL.tcp || (layers.flags[row] as number) & FLAG.fragment)
    return undefined;
  const version = layers.version[row] as number;
  const isFrom = ({ address, port }: Endpoint) =>
    layers.sourcePort[row] === port && addressOf(layers.source, version, row) === address;
  const isTo = ({ address, port }: Endpoint) =>
    layers.destinationPort[row] === port && addressOf(layers.destination, version, row) === address;
  if (isFrom(client) && isTo(server)) return 0;
  return isFrom(server) && isTo(client) ? 1 : undefined;
}

function take(sides: readonly [Progress, Progress], segment: Segment, scale: () => number): void {
  const { side, sequence, acknowledgement, flags, window, wire } = segment;
  const mine = sides[side];
  const theirs = sides[otherSide(side)];
  if (flags & TCP.syn) {
    mine.base = (sequence + 1) >>> 0;
    mine.scale = scale();
  } else mine.base ??= sequence;
  const at = unwrap(sequence - mine.base, mine.sent) + (flags & TCP.syn ? 1 : 0);
  if (flags & TCP.fin) mine.end = at + wire;
  // What comes behind a FIN counts one number more than there are bytes.
  mine.sent = Math.max(mine.sent, Math.min(at + wire, mine.end ?? at + wire));
  // What a reset says of numbers and windows is of no connection any more.
  if (!(flags & TCP.ack) || flags & TCP.reset) return;
  theirs.base ??= acknowledgement;
  const until = unwrap(acknowledgement - theirs.base, theirs.acknowledged);
  theirs.acknowledged = Math.max(theirs.acknowledged, Math.min(until, theirs.end ?? until));
  const shift = flags & TCP.syn ? 0 : shiftOf(mine, theirs);
  theirs.limit = shift === undefined ? undefined : theirs.acknowledged + window * 2 ** shift;
}

/** How the windows of a side are scaled: only when both SYNs have the option. Undefined where one was not captured. */
function shiftOf(mine: Progress, theirs: Progress): number | undefined {
  if (mine.scale === undefined || theirs.scale === undefined) return undefined;
  return mine.scale < 0 || theirs.scale < 0 ? 0 : mine.scale;
}

/** What the SYN of a row says of its side's windows; -1 when it does not. */
function scaleOf({ bytes, starts, captured }: Packets, layers: Layers, row: number): number {
  const packet = layers.packet[row] as number;
  const start = layers.transport[row] as number;
  const captureEnd = (starts[packet] as number) + (captured[packet] as number);
  const end = Math.min(start + ((bytes[start + 12] as number) >> 4) * 4, captureEnd);
  for (let at = start + HEADER; at < end; ) {
    const kind = bytes[at] as number;
    if (kind === 0) break;
    const length = kind === 1 ? 1 : (bytes[at + 1] ?? 0);
    if (kind === SCALE && length === 3 && at + 2 < end) return Math.min(MOST_SCALE, bytes[at + 2] as number);
    at += Math.max(1, length);
  }
  return -1;
}

/** Steps at which something is other than before; the last one too, so that a line goes on to the end. */
function changesOf(steps: readonly Step[]): Step[] {
  return steps.filter((step, at) => {
    const before = steps[at - 1];
    return (
      before === undefined ||
      at === steps.length - 1 ||
      step.sent !== before.sent ||
      step.acknowledged !== before.acknowledged ||
      step.limit !== before.limit
    );
  });
}
