/** One flow: who talks with whom, and what was counted so far. */
import { formatIpv4, formatIpv6 } from "../../core/ip.ts";
import { communityId } from "../decode/community-id.ts";
import type { Layers } from "../layers.ts";
import type { DatagramReader } from "../protocols/protocol.ts";
import { stableName } from "../protocols/stable-name.ts";
import type { Stream } from "./stream.ts";
import type { TcpSide } from "./tcp-side.ts";
import { openTcpSide } from "./tcp-side.ts";

/** What one side of a flow sent. */
export type SideCounts = {
  packets: number;
  /** Bytes of IP packets, with their headers. */
  ipBytes: number;
  /** Bytes of payload that packets brought; of TCP the sequence numbers tell. */
  payload: number;
  readonly tcp: TcpSide | undefined;
};

/** The waiting lists, each with a time of its own after which a silent flow is over. */
export type Waiting = "attempt" | "tcp" | "closed" | "udp" | "icmp" | "other";

/** Flows that wait for their end, the one that was silent longest first; `micros` is how long they may be silent. */
export type WaitingList = {
  first: Connection | undefined;
  last: Connection | undefined;
  readonly micros: number;
};

export type Connection = {
  readonly key: number;
  readonly version: number;
  readonly protocol: number;
  /** Address words of the originator and the responder, signed so that they stay small integers; IPv4 in the last. */
  readonly from: readonly [number, number, number, number];
  readonly to: readonly [number, number, number, number];
  /** Ports of the originator and the responder; type and code of ICMP, or type and type of the reply. */
  readonly ports: readonly [number, number];
  readonly addresses: readonly [string, string];
  readonly community: string | undefined;
  readonly uid: string;
  readonly vlan: number;
  readonly innerVlan: number;
  /** The tunnels around it, the outermost first. */
  readonly parents: readonly string[];
  /** When its first and its last packet were seen, and when it was touched last by a clock that does not run backwards. */
  readonly start: number;
  last: number;
  touched: number;
  /** When it was last reported while it went on, or when it began. */
  reported: number;
  readonly sides: readonly [SideCounts, SideCounts];
  history: string;
  /** Letters that are in the history already, one bit each, for both sides. */
  seen: number;
  readonly services: string[];
  missed: number;
  stream: Stream<Connection> | undefined;
  datagrams: DatagramReader | undefined;
  /** Whether datagrams were looked at to find their protocol. */
  isSought: boolean;
  /** Others whose key has the same hash. */
  sibling: Connection | undefined;
  /** Its waiting list, and its neighbours there. */
  waiting: Waiting;
  list: WaitingList | undefined;
  before: Connection | undefined;
  behind: Connection | undefined;
};

export type Opening = {
  readonly layers: Layers;
  readonly row: number;
  readonly key: number;
  readonly micros: number;
  readonly now: number;
  /** What the interface is called, and VLANs where those of the row are not meant. */
  readonly place: string;
  readonly vlan: number;
  readonly outerVlan: number;
  readonly parents: readonly string[];
  /** The sender of the first packet is the responder. */
  readonly isReversed: boolean;
  /** As `sourceOf` and `targetOf` have them, in the direction of the packet. */
  readonly ports: readonly [number, number];
  readonly waiting: Waiting;
};

const TCP = 6;

export function openConnection(opening: Opening): Connection {
  const { layers, row, micros, isReversed, ports, vlan, outerVlan, waiting } = opening;
  const version = layers.version[row]!;
  const isTcp = layers.protocol[row] === TCP;
  const community = communityId(layers, row);
  const source = wordsOf(layers.source, row);
  const destination = wordsOf(layers.destination, row);
  const from = isReversed ? destination : source;
  const to = isReversed ? source : destination;
  const addresses = [addressOf(version, from), addressOf(version, to)] as const;
  const [one, other] = ports;
  const name = `${community ?? `${layers.protocol[row]} ${addresses.join(" ")}`} ${micros} ${opening.place} ${vlan}`;
  return {
    key: opening.key,
    version,
    protocol: layers.protocol[row]!,
    from,
    to,
    ports: isReversed ? [other, one] : [one, other],
    addresses,
    community,
    uid: stableName("C", name),
    vlan: outerVlan >= 0 ? outerVlan : vlan,
    innerVlan: outerVlan >= 0 ? vlan : -1,
    parents: opening.parents,
    start: micros,
    last: micros,
    touched: opening.now,
    reported: micros,
    sides: [emptyCounts(isTcp), emptyCounts(isTcp)],
    history: "",
    seen: 0,
    services: [],
    missed: 0,
    stream: undefined,
    datagrams: undefined,
    isSought: false,
    sibling: undefined,
    waiting,
    list: undefined,
    before: undefined,
    behind: undefined,
  };
}

function emptyCounts(isTcp: boolean): SideCounts {
  return { packets: 0, ipBytes: 0, payload: 0, tcp: isTcp ? openTcpSide() : undefined };
}

function wordsOf(words: Uint32Array, row: number): readonly [number, number, number, number] {
  const at = 4 * row;
  return [words[at]! | 0, words[at + 1]! | 0, words[at + 2]! | 0, words[at + 3]! | 0];
}

function addressOf(
  version: number,
  [first, second, third, last]: readonly [number, number, number, number],
): string {
  return version === 4
    ? formatIpv4(last >>> 0)
    : formatIpv6([first >>> 0, second >>> 0, third >>> 0, last >>> 0]);
}
