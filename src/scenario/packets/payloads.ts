import type { Segment, Talk, Turn } from "./talk.ts";

const NOTHING = new Uint8Array(0);

/** Cuts payloads from what is said. A turn is made at its first packet and kept to its last. */
export function openPayloads(): (talk: Talk, segment: Segment) => Uint8Array {
  const made = new Map<Turn, Uint8Array>();
  return ({ turns }, { turn, from, length }) => {
    const saying = turns[turn];
    if (saying === undefined) return NOTHING;
    const bytes = made.get(saying) ?? saying.content.make();
    if (from + length < bytes.length) made.set(saying, bytes);
    else made.delete(saying);
    return bytes.subarray(from, from + length);
  };
}
