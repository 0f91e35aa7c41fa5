import type { PacketNode } from "../../../api/packet-reading.ts";
import type { Field, Layer } from "../../../pcap/tree/node.ts";
import { packetTree } from "../../../pcap/tree/packet-tree.ts";

/** The layers of a frame with their fields, and what was left out. */
export function treeOf(
  frame: Uint8Array,
  linkType: number,
  wire: number,
): { readonly tree: PacketNode[]; readonly notes: string[] } {
  const { layers, notes } = packetTree(frame, linkType, wire);
  return { tree: layers.map(ofLayer), notes: [...notes] };
}

function ofLayer({ name, label, start, end, fields, problem }: Layer): PacketNode {
  return {
    ...{ name, label, start, length: end - start, fields: fields.map(ofField) },
    ...(problem === undefined ? {} : { note: problem }),
  };
}

function ofField({ name, label, shown, start, end, bits, fields, problem }: Field): PacketNode {
  return {
    ...{ name, label, value: shown, start, length: end - start },
    ...(bits === undefined ? {} : { bits }),
    ...(problem === undefined ? {} : { note: problem }),
    ...(fields === undefined ? {} : { fields: fields.map(ofField) }),
  };
}
