import type { KnownFields } from "../blocks/known-fields.ts";
import type { IndexStats } from "../contract.ts";
import type { SensorStats } from "../stats.ts";
import type { Snapshot } from "./relations.ts";

/** What can be searched, in numbers. */
export function statsOf(
  { segments, blocks }: Snapshot,
  fields: KnownFields,
  more: Omit<IndexStats, "messages" | "hot" | "bytes" | "segments" | "sensors">,
): IndexStats {
  const sensors = new Map<string, { -readonly [K in keyof SensorStats]: SensorStats[K] }>();
  const note = (sensor: string, rows: number, bytes: number, from: number, to: number) => {
    const known = sensors.get(sensor);
    if (known === undefined) {
      sensors.set(sensor, {
        ...{ sensor, messages: rows, bytes, segments: bytes > 0 ? 1 : 0, from, to },
        ...fields.counts(sensor),
      });
      return;
    }
    known.messages += rows;
    known.bytes += bytes;
    known.segments += bytes > 0 ? 1 : 0;
    known.from = Math.min(known.from, from);
    known.to = Math.max(known.to, to);
  };
  for (const { sensor, rows, bytes, minTime, maxTime } of segments)
    note(sensor, rows, bytes, minTime, maxTime);
  for (const { block } of blocks) note(block.sensor, block.rows, 0, block.minTime, block.maxTime);
  const hot = blocks.reduce((sum, { block }) => sum + block.rows, 0);
  return {
    messages: segments.reduce((sum, { rows }) => sum + rows, hot),
    hot,
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    segments: segments.length,
    sensors: [...sensors.values()].sort((a, b) => (a.sensor < b.sensor ? -1 : 1)),
    ...more,
  };
}
