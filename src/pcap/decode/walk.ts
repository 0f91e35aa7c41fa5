/**
 * The walk through the headers of one packet. Each reader of a header looks at the bytes from `at` to `end`, moves `at` behind the header
 * and returns what comes next. One walk is used again for every packet, so that a packet makes no object.
 */
import { FLAG, growLayers, type Layers } from "../layers.ts";

/** Tunnels around a packet that are followed; real ones have three or four. */
export const MOST_DEPTH = 8;

const NONE = -1;

export type Walk = {
  bytes: Uint8Array;
  readonly layers: Layers;
  /** The packet, a row of `Packets`. */
  packet: number;
  /** Where the next header begins. */
  at: number;
  /** Where the captured bytes end, and where they would if all had been captured. */
  end: number;
  wire: number;
  /** Tunnels around `at`. */
  depth: number;
  /** The row of the level that is being read, or -1 as long as it has no network header. */
  row: number;
  /** What the links of this level said so far. */
  etherType: number;
  vlan: number;
  outerVlan: number;
  /** `FLAG` bits of the level, for the row that it gets. */
  flags: number;
  /** Whether this is in the first fragment of a packet: lengths may say more than there is. */
  isFirstFragment: boolean;
  /** Tunnels that were not followed because too many were around them. */
  tooDeep: number;
};

/**
 * What comes next is named by one of three registries, told apart by what is added to the number: EtherTypes as they are, IP protocols,
 * and LINKTYPE numbers of captures (a tunnel for frames says that a frame of Ethernet comes next).
 */
export const NEXT = { protocol: 0x1_0000, link: 0x2_0000, nothing: -1 } as const;

export function newWalk(layers: Layers): Walk {
  return {
    bytes: new Uint8Array(0),
    layers,
    packet: 0,
    at: 0,
    end: 0,
    wire: 0,
    depth: 0,
    row: NONE,
    etherType: 0,
    vlan: NONE,
    outerVlan: NONE,
    flags: 0,
    isFirstFragment: false,
    tooDeep: 0,
  };
}

/** Begins a level of addresses. */
export function beginLevel(walk: Walk, depth: number): void {
  walk.depth = depth;
  walk.row = NONE;
  walk.etherType = 0;
  walk.vlan = NONE;
  walk.outerVlan = NONE;
  walk.flags = 0;
}

/**
 * Enters a tunnel whose packet begins at `at`, and returns `next`; nothing comes next when there are too many tunnels. Whether it is
 * a tunnel shows when the packet in it has a network header: only then the row around it says so (`openRow`).
 */
export function enter(walk: Walk, at: number, next: number): number {
  if (walk.depth === MOST_DEPTH) {
    walk.tooDeep++;
    return NEXT.nothing;
  }
  beginLevel(walk, walk.depth + 1);
  walk.at = at;
  return next;
}

/** Gives the level its row, with everything that follows the network header still unknown. */
export function openRow(walk: Walk, version: number): number {
  const { layers } = walk;
  const row = layers.count++;
  if (layers.count > layers.packet.length) growLayers(layers, layers.count);
  walk.row = row;
  layers.packet[row] = walk.packet;
  layers.depth[row] = walk.depth;
  layers.version[row] = version;
  layers.etherType[row] = walk.etherType;
  layers.vlan[row] = walk.vlan;
  layers.outerVlan[row] = walk.outerVlan;
  clear(layers.source, 4 * row);
  clear(layers.destination, 4 * row);
  layers.protocol[row] = NONE;
  layers.sourcePort[row] = NONE;
  layers.destinationPort[row] = NONE;
  // A link that says it is longer than it is leads behind the end.
  layers.network[row] = Math.min(walk.at, walk.end);
  layers.flags[row] = walk.flags;
  if (walk.depth > 0) layers.flags[row - 1] = layers.flags[row - 1]! | FLAG.tunnel;
  setPayload(walk, walk.at, walk.at);
  return row;
}

/** Clears an address; `fill` takes longer for four words. */
function clear(words: Uint32Array, at: number): void {
  words[at] = 0;
  words[at + 1] = 0;
  words[at + 2] = 0;
  words[at + 3] = 0;
}

/** Says where the transport of the level's row and its payload begin; either may be behind what was captured. */
export function setPayload(walk: Walk, transport: number, payload: number): void {
  const { layers, row, end, wire } = walk;
  layers.transport[row] = Math.min(transport, end);
  layers.payload[row] = Math.min(payload, end);
  layers.payloadLength[row] = Math.max(0, end - payload);
  layers.payloadWire[row] = Math.max(0, wire - payload);
}

/** Marks the level. */
export function mark(walk: Walk, flags: number): void {
  walk.flags |= flags;
  if (walk.row !== NONE) walk.layers.flags[walk.row] = walk.layers.flags[walk.row]! | flags;
}

/** Whether a header of `length` bytes was captured whole; the level is marked as broken when it was not. */
export function has(walk: Walk, length: number): boolean {
  if (walk.end - walk.at >= length) return true;
  mark(walk, walk.wire > walk.end ? FLAG.broken | FLAG.cut : FLAG.broken);
  return false;
}

/**
 * Takes what a header says of where its content ends: what comes behind is padding of the link. A header that says more than the packet
 * has contradicts it, and its word still counts for what was sent.
 */
export function limit(walk: Walk, end: number): void {
  if (end > walk.wire && !walk.isFirstFragment) mark(walk, FLAG.broken);
  walk.wire = end;
  if (end < walk.end) walk.end = end;
}
