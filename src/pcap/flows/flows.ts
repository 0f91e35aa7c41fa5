/**
 * Flows of packets, and what is said in them: records in the form of Zeek's logs. One record per flow when it is over (or goes on for
 * long), and those that the readers of protocols write while it goes on.
 */
import { describeLeftOut, openDecoder } from "../decode/decode.ts";
import { FLAG, type Layers } from "../layers.ts";
import type { Packets } from "../packets.ts";
import type { RecordFields, RecordKind, StreamProtocol } from "../protocols/protocol.ts";
import { DATAGRAM_PROTOCOLS, STREAM_PROTOCOLS } from "../protocols/protocols.ts";
import { datagramBlock, describeDropped, openDefragmenter } from "../reassembly/defragment.ts";
import { flowMemory } from "../reassembly/flow.ts";
import type { Side } from "../reassembly/segment.ts";
import { connFields } from "./conn-record.ts";
import { type Connection, openConnection } from "./connection.ts";
import { ConnectionContext, type Teller } from "./context.ts";
import { openFlowTable } from "./flow-table.ts";
import { LETTER, note } from "./history.ts";
import { identityOf, recordOf } from "./records.ts";
import { Stream, type StreamHost } from "./stream.ts";
import { takeSegment } from "./tcp.ts";
import { hasTuple, isServerPort, isTcpHeader, sourceOf, targetOf, waitingOf } from "./tuple.ts";

export type FlowLimits = {
  /** Flows that are followed at once; for a new one the one that was silent longest is ended. */
  readonly flows: number;
  /** Bytes that are kept until those before or behind them come, of all flows and of one side. */
  readonly bytes: number;
  readonly bytesPerSide: number;
  /** Seconds of silence after which a flow is over: unanswered attempts, TCP, TCP that was closed, UDP, ICMP, other protocols. */
  readonly attemptSeconds: number;
  readonly tcpSeconds: number;
  readonly closedSeconds: number;
  readonly udpSeconds: number;
  readonly icmpSeconds: number;
  readonly otherSeconds: number;
  /** A flow that goes on is reported after this many seconds, with the mark `ongoing`. */
  readonly reportSeconds: number;
};

const LIMITS: FlowLimits = {
  flows: 100_000,
  bytes: 64 * 2 ** 20,
  bytesPerSide: 2 ** 20,
  attemptSeconds: 10,
  tcpSeconds: 300,
  closedSeconds: 5,
  udpSeconds: 60,
  icmpSeconds: 60,
  otherSeconds: 60,
  reportSeconds: 600,
};

type FlowCounts = {
  packets: number;
  flows: number;
  records: number;
  /** Flows that were ended because there were too many. */
  evicted: number;
  /** Flows whose content was not read to the end, for want of memory. */
  unread: number;
  /** Packets without addresses (ARP and others), and such whose header of the transport is cut or broken. */
  unaddressed: number;
  broken: number;
};

export type Flows = {
  /** Takes in a block of packets and its layers; both are only read during the call. */
  push(packets: Packets, layers: Layers): void;
  /** Says what time it is, in microseconds since 1970, where no packets come: flows that were silent too long end. */
  tick(micros: number): void;
  /** Ends all flows. */
  end(): void;
  readonly counts: Readonly<FlowCounts>;
  /** Says what is in no flow or was not read to its end, a sentence for each kind; nothing when all was read. */
  leftOut(): readonly string[];
};

export type FlowOptions = {
  /** Receives each record: the bytes of one map of JSON, without a line end. */
  readonly emit: (record: Uint8Array) => void;
  readonly limits?: Partial<FlowLimits> | undefined;
};

const TCP = 6;
const UDP = 17;
/** Connections that others arranged and that have not come; of more the oldest are forgotten. */
const MOST_EXPECTED = 10_000;

type Direction = "forward" | "reversed" | "guessed";

/** Where rows come from that are looked at: of a datagram put together, what its first fragment said. */
type Place = {
  readonly parents: readonly string[];
  readonly vlan: number;
  readonly outerVlan: number;
  readonly name: string;
};

export function openFlows({ emit, limits }: FlowOptions): Flows {
  const all = { ...LIMITS, ...limits };
  const seconds = (value: number) => value * 1e6;
  const table = openFlowTable({
    attempt: seconds(all.attemptSeconds),
    tcp: seconds(all.tcpSeconds),
    closed: seconds(all.closedSeconds),
    udp: seconds(all.udpSeconds),
    icmp: seconds(all.icmpSeconds),
    other: seconds(all.otherSeconds),
  });
  const memory = flowMemory(all.bytes, all.bytesPerSide);
  const fragments = openDefragmenter();
  const decoder = openDecoder();
  const counts: FlowCounts = {
    packets: 0,
    flows: 0,
    records: 0,
    evicted: 0,
    unread: 0,
    unaddressed: 0,
    broken: 0,
  };
  const reportMicros = seconds(all.reportSeconds);
  /** What connections speak that others arranged, by the place that they go to. */
  const expected = new Map<string, StreamProtocol>();
  /** The latest time of any packet, and that of the packet that is read. */
  let now = 0;
  let micros = 0;

  const write = (connection: Connection, kind: RecordKind, at: number, fields: RecordFields) => {
    counts.records++;
    const { uid, addresses, ports, community } = connection;
    emit(recordOf(kind, at, identityOf(uid, addresses, ports, community), fields));
  };
  const report = (connection: Connection, isOngoing: boolean) =>
    write(connection, "conn", connection.start, connFields(connection, isOngoing));
  const close = (connection: Connection) => {
    table.remove(connection);
    connection.stream?.close();
    connection.datagrams?.end();
    report(connection, false);
  };
  const expire = () => {
    for (let old = table.expired(now); old !== undefined; old = table.expired(now)) close(old);
  };
  const teller: Teller = {
    now: () => micros,
    write,
    expect(address, port, protocol) {
      const place = `${address} ${port}`;
      expected.delete(place);
      if (expected.size >= MOST_EXPECTED) expected.delete(expected.keys().next().value ?? "");
      expected.set(place, protocol);
    },
  };
  const host: StreamHost<Connection> = {
    memory,
    protocols({ addresses, ports }) {
      if (expected.size === 0) return STREAM_PROTOCOLS;
      const place = `${addresses[1]} ${ports[1]}`;
      const protocol = expected.get(place);
      expected.delete(place);
      return protocol === undefined ? STREAM_PROTOCOLS : [protocol];
    },
    context: (connection, steps) => new ConnectionContext(teller, connection, steps),
    dropped: () => {
      counts.unread++;
    },
    missed(connection, from, length) {
      connection.missed += length;
      note(connection, from, LETTER.gap);
    },
  };
  const openStream = (connection: Connection, origin: number, responder: number) =>
    new Stream(host, connection, connection.ports, [origin, responder]);

  const openFlow = (
    layers: Layers,
    row: number,
    key: number,
    direction: Direction,
    place: Place,
  ): Connection => {
    if (table.size >= all.flows) {
      const oldest = table.oldest();
      if (oldest !== undefined) close(oldest);
      counts.evicted++;
    }
    const connection = openConnection({
      layers,
      row,
      key,
      micros,
      now,
      place: place.name,
      vlan: place.vlan,
      outerVlan: place.outerVlan,
      parents: place.parents,
      isReversed: direction !== "forward",
      ports: [sourceOf(layers, row), targetOf(layers, row)],
      waiting: waitingOf(layers.protocol[row]!),
    });
    if (direction === "guessed") connection.history = "^";
    table.add(connection);
    counts.flows++;
    return connection;
  };

  const takeDatagram = (
    connection: Connection,
    side: Side,
    packets: Packets,
    layers: Layers,
    row: number,
  ) => {
    const start = layers.payload[row]!;
    const length = layers.payloadLength[row]!;
    connection.sides[side].payload += Math.max(length, layers.payloadWire[row]!);
    note(connection, side, LETTER.data);
    if (layers.flags[row]! & FLAG.tunnel || length === 0) return;
    if (!connection.isSought) {
      connection.isSought = true;
      const { ports } = connection;
      const protocol = DATAGRAM_PROTOCOLS.find(({ tells }) =>
        tells(packets.bytes, start, start + length, ports),
      );
      const finish = () => {
        connection.datagrams = undefined;
      };
      if (protocol !== undefined)
        connection.datagrams = protocol.open(
          new ConnectionContext(teller, connection, { finish, restart: finish }),
        );
    }
    connection.datagrams?.data(side, packets.bytes, start, start + length);
  };

  /** Takes in a row and returns its flow; undefined when it has none. */
  const takeRow = (packets: Packets, layers: Layers, row: number, place: Place): Connection | undefined => {
    const protocol = layers.protocol[row]!;
    const isTcp = protocol === TCP;
    if (!hasTuple(layers, row) || (isTcp && !isTcpHeader(packets, layers, row))) {
      counts.broken++;
      return undefined;
    }
    const source = sourceOf(layers, row);
    const target = targetOf(layers, row);
    const flags = isTcp ? packets.bytes[layers.transport[row]! + 13]! : 0;
    const key = table.keyOf(layers, row, source, target);
    let connection = table.find(layers, row, key, source, target);
    let side = table.side;
    if (connection !== undefined && isTcp && isAnother(connection, side, flags, packets, layers, row)) {
      close(connection);
      connection = undefined;
    }
    if (connection === undefined) {
      const direction = directionOf(protocol, flags, source, target);
      connection = openFlow(layers, row, key, direction, place);
      side = direction === "forward" ? 0 : 1;
    }
    if (micros > connection.last) connection.last = micros;
    const mine = connection.sides[side];
    mine.packets++;
    const header = layers.payload[row]! - layers.network[row]!;
    mine.ipBytes += header + Math.max(layers.payloadLength[row]!, layers.payloadWire[row]!);
    if (isTcp) takeSegment(connection, side, packets, layers, row, openStream);
    else if (protocol === UDP) takeDatagram(connection, side, packets, layers, row);
    else mine.payload += Math.max(layers.payloadLength[row]!, layers.payloadWire[row]!);
    table.touch(connection, now, waitingOf(protocol, connection.sides));
    if (micros - connection.reported >= reportMicros) {
      connection.reported = micros;
      report(connection, true);
    }
    return connection;
  };

  const takeFragment = (packets: Packets, layers: Layers, row: number, place: Place) => {
    const whole = fragments.add(packets, layers, row, counts.packets);
    if (whole === undefined) return;
    const block = datagramBlock([whole]);
    takeRows(block, decoder.decode(block), place);
  };

  /** @param fixed where the rows are from, if not from where they say themselves */
  const takeRows = (packets: Packets, layers: Layers, fixed: Place | undefined) => {
    let parents = fixed?.parents ?? NONE;
    let packet = -1;
    let place: Place = { parents, vlan: -1, outerVlan: -1, name: "" };
    for (let row = 0; row < layers.count; row++) {
      if (layers.packet[row] !== packet) {
        packet = layers.packet[row]!;
        parents = fixed?.parents ?? NONE;
        micros = packets.micros[packet]!;
        if (micros > now) now = micros;
        if (fixed === undefined) {
          counts.packets++;
          expire();
        }
      }
      if (layers.version[row] === 0) {
        counts.unaddressed++;
        continue;
      }
      const isTop = fixed !== undefined && layers.depth[row] === 0;
      const vlan = isTop ? fixed.vlan : layers.vlan[row]!;
      const outerVlan = isTop ? fixed.outerVlan : layers.outerVlan[row]!;
      const name = fixed?.name ?? interfaceName(packets, packet);
      // Most packets are from where the one before was.
      const isSame =
        place.parents === parents &&
        place.vlan === vlan &&
        place.outerVlan === outerVlan &&
        place.name === name;
      if (!isSame) place = { parents, vlan, outerVlan, name };
      if (layers.flags[row]! & FLAG.fragment) takeFragment(packets, layers, row, place);
      else {
        const connection = takeRow(packets, layers, row, place);
        if (connection !== undefined && layers.flags[row]! & FLAG.tunnel)
          parents = [...parents, connection.uid];
      }
    }
  };

  return {
    counts,
    push: (packets, layers) => takeRows(packets, layers, undefined),
    tick(time) {
      if (time > now) now = time;
      expire();
    },
    end() {
      for (let oldest = table.oldest(); oldest !== undefined; oldest = table.oldest()) close(oldest);
      fragments.end();
    },
    leftOut: () => [
      ...describeCounts(counts, all),
      ...describeDropped(fragments.dropped),
      ...describeLeftOut(decoder.leftOut),
    ],
  };
}

function describeCounts({ broken, evicted, unread }: FlowCounts, { flows, bytes }: FlowLimits): string[] {
  const sentences: [count: number, sentence: string][] = [
    [broken, "packets are in no flow, as their header of TCP, UDP, SCTP or ICMP is cut or broken"],
    [evicted, `flows were ended early, as more than ${flows} went on at once`],
    [
      unread,
      `flows were not read to their end, as more than ${Math.round(bytes / 2 ** 20)} MB waited to be read`,
    ],
  ];
  return sentences.flatMap(([count, sentence]) => (count === 0 ? [] : [`${count} ${sentence}`]));
}

const NONE: readonly string[] = [];
const SYN = 2;
const ACK = 16;

/** Whether a SYN begins another connection with the same tuple. */
function isAnother(
  { sides }: Connection,
  side: Side,
  flags: number,
  packets: Packets,
  layers: Layers,
  row: number,
): boolean {
  const { tcp } = sides[side];
  if ((flags & (SYN | ACK)) !== SYN || tcp === undefined) return false;
  const at = layers.transport[row]! + 4;
  const { bytes } = packets;
  const sequence =
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  return tcp.syn >= 0 ? tcp.syn !== sequence : tcp.isOpen;
}

/** Who began: the sender of a packet, or, of an answer or where only a well-known port tells, its receiver. */
function directionOf(protocol: number, flags: number, source: number, target: number): Direction {
  if (protocol !== TCP && protocol !== UDP) return "forward";
  if (flags & SYN) return flags & ACK ? "reversed" : "forward";
  return isServerPort(source) && !isServerPort(target) ? "guessed" : "forward";
}

function interfaceName({ seen, interfaces }: Packets, packet: number): string {
  const number = interfaces[packet]!;
  return seen[number]?.name ?? String(number);
}
