import type { Endpoint } from "./conversation.ts";
import { otherSide, type Seen, type Segment, type Side } from "./segment.ts";

/** One datagram of a conversation. `wire` is more than `bytes` has where the capture cut it or memory ran out. */
export type Datagram = Seen & {
  readonly side: Side;
  readonly bytes: Uint8Array;
  readonly wire: number;
  readonly short?: "cut" | "limit" | undefined;
};

/** What two ends sent each other by UDP, in the order of time; side 0 is who spoke first. */
export type DatagramConversation = {
  readonly endpoints: readonly [Endpoint, Endpoint];
  readonly datagrams: readonly Datagram[];
};

/** Puts the datagrams between two ends in order; packets with the same time stay as they were captured. */
export function rebuildDatagrams(
  segments: readonly Segment[],
  endpoints: readonly [Endpoint, Endpoint],
): DatagramConversation {
  const datagrams = segments.map(({ side, payload, wire, short, micros, nanos, packet }) => ({
    side,
    bytes: payload,
    wire,
    short,
    micros,
    nanos,
    packet,
  }));
  datagrams.sort(
    (one, other) => one.micros - other.micros || one.nanos - other.nanos || one.packet - other.packet,
  );
  const client = datagrams[0]?.side ?? 0;
  return {
    endpoints: client === 0 ? endpoints : [endpoints[1], endpoints[0]],
    datagrams: client === 0 ? datagrams : datagrams.map((one) => ({ ...one, side: otherSide(one.side) })),
  };
}
