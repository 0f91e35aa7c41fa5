/** How a value is written as bytes: what its reader (stored-value.ts) and its writer (store-value.ts) share. */
import type { Opaque } from "../values/value.ts";
import { BloomFilter } from "./bloom.ts";
import { HyperLogLog } from "./hyperloglog.ts";
import { MadState } from "./mad.ts";
import { OnlineStatistics } from "./statistics.ts";
import { WindowedStatistics } from "./windowed-statistics.ts";

/** The first byte. */
export const VERSION = 1;
/** How deep values may nest. */
export const MAX_DEPTH = 100;

/** The byte that each value begins with. */
export const TAG = {
  NULL: 0,
  FALSE: 1,
  TRUE: 2,
  INT: 3,
  NEGATIVE_INT: 4,
  LONG: 5,
  DOUBLE: 6,
  FLOAT: 7,
  CHAR: 8,
  STRING: 9,
  LIST: 10,
  SET: 11,
  MAP: 12,
  SAMPLER: 13,
  SKETCH: 14,
} as const;

export type Sketch = Opaque & { toBytes(): Uint8Array };
type SketchClass = { readonly tag: number; fromBytes(bytes: Uint8Array): Sketch };

/** The sketches that write themselves, told apart by their first byte. */
export const SKETCHES: readonly SketchClass[] = [
  BloomFilter,
  HyperLogLog,
  MadState,
  OnlineStatistics,
  WindowedStatistics,
];
