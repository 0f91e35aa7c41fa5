import type { KnownFields } from "../blocks/known-fields.ts";
import type { IndexStats } from "../contract.ts";
import type { SensorStats } from "../stats.ts";
import type { DayIndex } from "./retention.ts";

/** What can be searched, in numbers. Nothing is hot: it is stored before it is counted. */
export function statsOf(
  days: readonly DayIndex[],
  known: KnownFields,
  more: Pick<IndexStats, "searches" | "problems" | "unsealed" | "asOf">,
): IndexStats {
  const sum = (of: readonly DayIndex[], part: "messages" | "bytes") =>
    of.reduce((all, day) => all + day[part], 0);
  const sensors = [...Map.groupBy(days, ({ sensor }) => sensor)].map(
    ([sensor, own]): SensorStats => ({
      sensor,
      messages: sum(own, "messages"),
      bytes: sum(own, "bytes"),
      segments: own.length,
      ...known.counts(sensor),
      from: Math.min(...own.map(({ from }) => from)),
      to: Math.max(...own.map(({ to }) => to)),
    }),
  );
  return {
    messages: sum(days, "messages"),
    hot: 0,
    bytes: sum(days, "bytes"),
    segments: days.length,
    sensors: sensors.sort((a, b) => (a.sensor < b.sensor ? -1 : 1)),
    setAside: [],
    ...more,
  };
}
