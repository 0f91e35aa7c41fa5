/** What belongs to the packets between two ends, found without an object or a text per packet. */
import type { Layers } from "../layers.ts";
import { openSecretHash, type SecretHash } from "../secret-hash.ts";
import type { Side } from "./segment.ts";

export type TupleMap<Value> = {
  /** What belongs to the ends of a row; `make` makes it for ends that are new, whose first sender is side 0. */
  find(layers: Layers, row: number, make: (layers: Layers, row: number) => Value): Value;
  /** Who sent the row that was asked for last. */
  readonly side: Side;
  /** In the order in which they were made. */
  readonly values: readonly Value[];
};

type Entry<Value> = {
  readonly value: Value;
  readonly protocol: number;
  readonly version: number;
  readonly source: Uint32Array;
  readonly target: Uint32Array;
  readonly sourcePort: number;
  readonly targetPort: number;
  /** Another one with the same hash. */
  readonly sibling: Entry<Value> | undefined;
};

export function openTupleMap<Value>(): TupleMap<Value> {
  const byHash = new Map<number, Entry<Value>>();
  const values: Value[] = [];
  // An address and a port, the same for both ends, so that both directions have one hash.
  const { spread } = openSecretHash(5);
  let side: Side = 0;
  return {
    values,
    get side() {
      return side;
    },
    find(layers, row, make) {
      const hash = hashOf(layers, row, spread);
      const first = byHash.get(hash);
      for (let entry = first; entry !== undefined; entry = entry.sibling) {
        if (entry.protocol !== layers.protocol[row] || entry.version !== layers.version[row]) continue;
        if (isFrom(entry, layers, row)) {
          side = 0;
          return entry.value;
        }
        if (isBack(entry, layers, row)) {
          side = 1;
          return entry.value;
        }
      }
      const value = make(layers, row);
      const at = row * 4;
      byHash.set(hash, {
        value,
        protocol: layers.protocol[row]!,
        version: layers.version[row]!,
        source: layers.source.slice(at, at + 4),
        target: layers.destination.slice(at, at + 4),
        sourcePort: layers.sourcePort[row]!,
        targetPort: layers.destinationPort[row]!,
        sibling: first,
      });
      values.push(value);
      side = 0;
      return value;
    },
  };
}

/** The same for both directions. */
function hashOf(layers: Layers, row: number, spread: SecretHash["spread"]): number {
  const { source, destination } = layers;
  const at = row * 4;
  let one = spread(4, layers.sourcePort[row]!);
  let other = spread(4, layers.destinationPort[row]!);
  for (let word = 0; word < 4; word++) {
    one = mix(one, spread(word, source[at + word]!));
    other = mix(other, spread(word, destination[at + word]!));
  }
  return (one + other + layers.protocol[row]!) | 0;
}

function mix(value: number, word: number): number {
  const mixed = Math.imul(value ^ word, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

function isFrom(entry: Entry<unknown>, layers: Layers, row: number): boolean {
  const { source, destination, sourcePort, destinationPort } = layers;
  if (entry.sourcePort !== sourcePort[row] || entry.targetPort !== destinationPort[row]) return false;
  return areAt(entry.source, source, row) && areAt(entry.target, destination, row);
}

function isBack(entry: Entry<unknown>, layers: Layers, row: number): boolean {
  const { source, destination, sourcePort, destinationPort } = layers;
  if (entry.sourcePort !== destinationPort[row] || entry.targetPort !== sourcePort[row]) return false;
  return areAt(entry.source, destination, row) && areAt(entry.target, source, row);
}

function areAt(words: Uint32Array, all: Uint32Array, row: number): boolean {
  const at = row * 4;
  return (
    words[3] === all[at + 3] && words[0] === all[at] && words[1] === all[at + 1] && words[2] === all[at + 2]
  );
}
