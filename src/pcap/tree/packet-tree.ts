import { type Budget, type Cursor, Malformed, MOST_FIELDS, TooMuch } from "./cursor.ts";
import { findStep } from "./find-step.ts";
import type { Layer, PacketTree } from "./node.ts";
import type { Around, Next } from "./step.ts";

/** Layers of one packet that are read; real ones have up to twenty. */
const MOST_LAYERS = 64;

/**
 * Reads one packet as a tree. It never throws: what contradicts itself or was cut is told as the `problem` of its layer and field, with
 * what could be read before.
 * @param linkType LINKTYPE number of the link it was captured on
 * @param wireLength bytes that it had on the wire, where more than were captured
 */
export function packetTree(bytes: Uint8Array, linkType: number, wireLength = bytes.length): PacketTree {
  const wire = Math.max(wireLength, bytes.length);
  const layers: Layer[] = [];
  const notes: string[] = [];
  const around = { isQuoted: false, isTcp: false };
  const reading = { layers, notes, budget: { fields: MOST_FIELDS }, around };
  let next: Next | undefined = { goal: { linkType }, at: 0, end: bytes.length, wire };
  while (next !== undefined) {
    if (layers.length === MOST_LAYERS) {
      notes.push(`The packet has more than ${MOST_LAYERS} layers; those within are left out.`);
      break;
    }
    next = readLayer(bytes, next, reading);
  }
  if (bytes.length < wire) notes.push(`The capture has ${bytes.length} of the packet's ${wire} bytes.`);
  return { layers, notes };
}

type Reading = { layers: Layer[]; notes: string[]; budget: Budget; around: Around };

function readLayer(
  bytes: Uint8Array,
  { goal, at, end, wire }: Next,
  { layers, notes, budget, around }: Reading,
): Next | undefined {
  const step = findStep(goal);
  const layer: Layer = { name: step.name, label: step.label, start: at, end: at, fields: [] };
  layers.push(layer);
  const cursor: Cursor = { bytes, at, end, wire, depth: 0, fields: layer.fields, layer, budget };
  let following: Next | undefined;
  try {
    following = step.read(cursor, around);
  } catch (error) {
    if (error instanceof TooMuch)
      notes.push(`The packet has more than ${MOST_FIELDS} fields; the rest is left out.`);
    else if (error instanceof Malformed) layer.problem = error.message;
    else throw error;
  }
  layer.end = Math.min(cursor.at, bytes.length);
  return following;
}
