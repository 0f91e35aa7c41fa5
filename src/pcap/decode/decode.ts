import { emptyLayers, type Layers } from "../layers.ts";
import type { Packets } from "../packets.ts";
import { byEtherType } from "./ethernet.ts";
import { linkTypeName } from "./link-types.ts";
import { byLinkType, UNREAD_LINK } from "./links.ts";
import { transport } from "./transport.ts";
import { beginLevel, NEXT, newWalk, openRow, type Walk } from "./walk.ts";

/** Headers of one packet that are read; more are only found in packets that were made to be long to read. */
const MOST_HEADERS = 64;

const ROWS_AT_FIRST = 1024;

/** Finds the layers of blocks of packets, and counts what it does not read. */
export type Decoder = {
  /** The layers of every packet. They are valid until the next call. */
  readonly decode: (packets: Packets) => Layers;
  /** What was left out so far. */
  readonly leftOut: LeftOut;
};

export type LeftOut = {
  /** Packets of links that nobody reads, by LINKTYPE number; they have one row, with `version` 0. */
  readonly links: ReadonlyMap<number, number>;
  /** Tunnels that were not followed because too many were around them. */
  readonly tunnels: number;
};

export function openDecoder(): Decoder {
  const walk = newWalk(emptyLayers(ROWS_AT_FIRST));
  const links = new Map<number, number>();
  return {
    decode(packets) {
      walk.layers.count = 0;
      walk.bytes = packets.bytes;
      for (let packet = 0; packet < packets.count; packet++) read(walk, packets, packet, links);
      return walk.layers;
    },
    leftOut: {
      links,
      get tunnels() {
        return walk.tooDeep;
      },
    },
  };
}

/** Says what was left out, a sentence for each kind; nothing when all was read. */
export function describeLeftOut({ links, tunnels }: LeftOut): readonly string[] {
  const sentences = [...links].map(
    ([linkType, count]) => `${count} packets have a link type nobody reads: ${linkTypeName(linkType)}`,
  );
  if (tunnels > 0) sentences.push(`${tunnels} tunnels lie in too many others to be followed`);
  return sentences;
}

function read(walk: Walk, packets: Packets, packet: number, links: Map<number, number>): void {
  const start = packets.starts[packet]!;
  const captured = packets.captured[packet]!;
  walk.packet = packet;
  walk.at = start;
  walk.end = Math.min(start + captured, packets.bytes.length);
  walk.wire = start + Math.max(captured, packets.original[packet]!);
  walk.isFirstFragment = false;
  beginLevel(walk, 0);
  const linkType = packets.seen[packets.interfaces[packet]!]?.linkType ?? -1;
  let next: number = NEXT.link + linkType;
  for (let count = 0; next >= 0 && count < MOST_HEADERS; count++) next = header(walk, next);
  if (next === UNREAD_LINK && walk.depth === 0) links.set(linkType, (links.get(linkType) ?? 0) + 1);
  // What has no network header gets a row all the same, but not what only looked like a tunnel.
  if (walk.row < 0 && walk.depth === 0) openRow(walk, 0);
}

function header(walk: Walk, next: number): number {
  if (next < NEXT.protocol) return byEtherType(walk, next);
  return next < NEXT.link ? transport(walk, next - NEXT.protocol) : byLinkType(walk, next - NEXT.link);
}
