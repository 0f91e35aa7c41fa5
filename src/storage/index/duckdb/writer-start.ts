import { isHidden } from "../blocks/block.ts";
import type { SensorFields } from "../blocks/encode.ts";
import type { WriterStart } from "../blocks/writer.ts";
import type { Catalogue } from "../segments/catalogue.ts";
import type { HotStore } from "./hot-store.ts";

/** What a writer must know at its start: how far each topic is in the index, and the columns that its sensors have. */
export function writerStart(
  catalogue: Catalogue,
  hot: HotStore,
  { columns, groupRows }: WriterStart["limits"],
): WriterStart {
  const fields = new Map<string, SensorFields>();
  const positions = new Map<string, number>();
  for (const key of [...catalogue.positions.keys(), ...hot.positionKeys()])
    positions.set(key, hot.position(key) ?? catalogue.positions.get(key) ?? 0);
  for (const { sensor, schema } of catalogue.segments.values()) {
    const known = fields.get(sensor) ?? new Map();
    fields.set(sensor, known);
    // Columns of our own are in no encoder's list; fields that begin with `_`, such as `_id`, are.
    for (const { field, type } of schema.columns.values()) if (!isHidden(field)) known.set(field, type);
  }
  // It goes to other threads: of the settings no more than they need.
  return { limits: { columns, groupRows }, positions, fields };
}
