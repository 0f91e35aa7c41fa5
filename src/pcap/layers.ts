/**
 * Where the layers of packets lie, as columns: one row per pair of network addresses, so that a packet in a tunnel has a row for the outer
 * addresses and one for the inner ones, and a packet without addresses (ARP, LLC) has one row with `version` 0. Rows come in the order of
 * their packets, the outermost first. Nothing is copied: places count from the beginning of `Packets.bytes`.
 */
export type Layers = {
  count: number;
  /** The packet, a row of `Packets`. */
  packet: Uint32Array;
  /** How many tunnels are around it. */
  depth: Uint8Array;
  /** 4 or 6; 0 where there is no network layer that is understood. */
  version: Uint8Array;
  /**
   * The EtherType that the link says, behind all tags, or 0 when it has none: of IP under labels of MPLS or in a session of PPP over
   * Ethernet it is theirs. Of GRE it is the type of protocol.
   */
  etherType: Uint16Array;
  /** The innermost VLAN and the one around it (QinQ), of three the inner two; -1 where there is none. Rows of a tunnel have their own. */
  vlan: Int16Array;
  outerVlan: Int16Array;
  /** Addresses as four words each, most significant first; IPv4 in the last word, the others 0. Row `i` has words `4 i` to `4 i + 3`. */
  source: Uint32Array;
  destination: Uint32Array;
  /** The IP protocol of the payload, behind extension and authentication headers; -1 where `version` is 0. */
  protocol: Int16Array;
  /** Ports; type and code of ICMP and ICMPv6; -1 where there are none (other protocols, later fragments, cut off). */
  sourcePort: Int32Array;
  destinationPort: Int32Array;
  /** Where the network header begins. */
  network: Uint32Array;
  /** Where the header of the transport begins: behind the network header and its extensions. */
  transport: Uint32Array;
  /**
   * Where the payload of the transport begins; of unknown protocols and of tunnels in IP the same as `transport`, of tunnels in UDP
   * behind the header of UDP. It and the places before are never behind the captured bytes of the packet.
   */
  payload: Uint32Array;
  /** How many bytes of payload were captured, without padding of the link. */
  payloadLength: Uint32Array;
  /** How many the headers say it has: more where the capture cut the packet, or where they contradict each other. */
  payloadWire: Uint32Array;
  /** `FLAG` bits. */
  flags: Uint8Array;
};

/** What is special about a row of `Layers`. */
export const FLAG = {
  /** The packet is a fragment; `later` if it is not the first. */
  fragment: 1,
  later: 2,
  /** Headers are cut off or contradict themselves: what could be read is there. */
  broken: 4,
  /** The payload is another packet, which has the next row. Only a packet that has addresses, or is of ARP, makes a tunnel. */
  tunnel: 8,
  /** Fewer bytes are here than there were: the capture cut the packet, or it is in the first fragment of another. */
  cut: 16,
} as const;

/** Makes room for rows. */
export function emptyLayers(rows: number): Layers {
  return {
    count: 0,
    packet: new Uint32Array(rows),
    depth: new Uint8Array(rows),
    version: new Uint8Array(rows),
    etherType: new Uint16Array(rows),
    vlan: new Int16Array(rows),
    outerVlan: new Int16Array(rows),
    source: new Uint32Array(4 * rows),
    destination: new Uint32Array(4 * rows),
    protocol: new Int16Array(rows),
    sourcePort: new Int32Array(rows),
    destinationPort: new Int32Array(rows),
    network: new Uint32Array(rows),
    transport: new Uint32Array(rows),
    payload: new Uint32Array(rows),
    payloadLength: new Uint32Array(rows),
    payloadWire: new Uint32Array(rows),
    flags: new Uint8Array(rows),
  };
}

/** Gives `layers` room for at least `rows` rows; those it has stay. Columns that were read before are stale afterwards. */
export function growLayers(layers: Layers, rows: number): void {
  const room = layers.packet.length;
  if (rows <= room) return;
  const larger = emptyLayers(Math.max(rows, 2 * room));
  larger.packet.set(layers.packet);
  larger.depth.set(layers.depth);
  larger.version.set(layers.version);
  larger.etherType.set(layers.etherType);
  larger.vlan.set(layers.vlan);
  larger.outerVlan.set(layers.outerVlan);
  larger.source.set(layers.source);
  larger.destination.set(layers.destination);
  larger.protocol.set(layers.protocol);
  larger.sourcePort.set(layers.sourcePort);
  larger.destinationPort.set(layers.destinationPort);
  larger.network.set(layers.network);
  larger.transport.set(layers.transport);
  larger.payload.set(layers.payload);
  larger.payloadLength.set(layers.payloadLength);
  larger.payloadWire.set(layers.payloadWire);
  larger.flags.set(layers.flags);
  larger.count = layers.count;
  Object.assign(layers, larger);
}
