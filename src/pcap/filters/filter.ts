import type { Layers } from "../layers.ts";
import type { Packets } from "../packets.ts";

/** Packets and where their layers are. */
export type Block = { readonly packets: Packets; readonly layers: Layers };

/**
 * Whether a packet is wanted. `first` and `end` are its rows in the layers, `end` not included. Filters keep no memory of packets, so
 * they may be asked in any order.
 */
export type PacketFilter = (block: Block, packet: number, first: number, end: number) => boolean;

/** The packets of a block that a filter lets pass, in their order. */
export function selectPackets(block: Block, filter: PacketFilter): readonly number[] {
  const { packets, layers } = block;
  const selected: number[] = [];
  let row = 0;
  for (let packet = 0; packet < packets.count; packet++) {
    const first = row;
    while (row < layers.count && layers.packet[row] === packet) row++;
    if (filter(block, packet, first, row)) selected.push(packet);
  }
  return selected;
}

/** Lets pass what all of the filters do. */
export function everyFilter(filters: readonly PacketFilter[]): PacketFilter {
  return (block, packet, first, end) => filters.every((filter) => filter(block, packet, first, end));
}
