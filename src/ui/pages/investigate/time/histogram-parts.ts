import type { ResponseOf } from "../../../../api/endpoint.ts";
import type { messageHistogram } from "../../../../api/search.ts";
import { timeText } from "../../../parts/clock.ts";
import { counted, countText } from "../../../parts/numbers.ts";
import { severityOf } from "../score.ts";
import type { View } from "../state.ts";

export type Histogram = ResponseOf<typeof messageHistogram>;

/** A layer of the stacked bars: a count per bucket. */
export type Series = { readonly name: string; readonly colour: string; readonly counts: readonly number[] };

const ALERT_LAYERS = [
  { name: "Low", colour: "--severity-low", severity: ["low", "none"] },
  { name: "Medium", colour: "--severity-medium", severity: ["medium"] },
  { name: "High", colour: "--severity-high", severity: ["high"] },
] as const;

/** More bars than this are no chart any more. */
const MOST_BARS = 2000;

/** Buckets at regular times from the first to the last, empty ones included. */
export function regularBuckets({ buckets, interval, from, to }: Histogram): Histogram["buckets"] {
  if (interval <= 0 || buckets.length === 0) return [...buckets];
  const known = buckets[0]?.from ?? from;
  const start = known - Math.max(0, Math.ceil((known - from) / interval)) * interval;
  const byStart = new Map(buckets.map((bucket) => [bucket.from, bucket]));
  const regular: Histogram["buckets"] = [];
  for (let at = start; at < to && regular.length < MOST_BARS; at += interval) {
    regular.push(byStart.get(at) ?? { from: at, count: 0 });
  }
  return regular;
}

/** The layers of the bars: alerts by how alarming they are, all messages by whether they are alerts. */
export function layersOf(buckets: Histogram["buckets"], view: View): Series[] {
  if (view === "alerts") {
    return ALERT_LAYERS.map(({ name, colour, severity }) => ({
      name,
      colour,
      counts: buckets.map((bucket) => {
        const parts = bucket.parts ?? [{ value: null, count: bucket.count }];
        const mine = parts.filter(({ value }) =>
          (severity as readonly string[]).includes(severityOf(value === null ? undefined : Number(value))),
        );
        return mine.reduce((sum, { count }) => sum + count, 0);
      }),
    }));
  }
  if (view === "rejected") {
    return [{ name: "Rejected", colour: "--severity-medium", counts: buckets.map(({ count }) => count) }];
  }
  const alerts = buckets.map(
    ({ parts }) => parts?.find(({ value }) => value === "true" || value === true)?.count ?? 0,
  );
  return [
    { name: "Messages", colour: "--bar", counts: buckets.map(({ count }, at) => count - (alerts[at] ?? 0)) },
    { name: "Alerts", colour: "--severity-high", counts: alerts },
  ];
}

/** A bucket's width in words. */
export function intervalText(milliseconds: number): string {
  const units: [number, string][] = [
    [86_400_000, "day"],
    [3_600_000, "hour"],
    [60_000, "minute"],
    [1000, "second"],
    [1, "millisecond"],
  ];
  const [size, name] = units.find(([unit]) => milliseconds >= unit) ?? [1, "millisecond"];
  const count = Math.round((milliseconds / size) * 10) / 10;
  return count === 1 ? name : `${count} ${name}s`;
}

/** The chart in a sentence, for those who do not see it. */
export function histogramText({ buckets, interval, from, to }: Histogram): string {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return "Histogram over time: no messages.";
  const peak = buckets.reduce((most, bucket) => (bucket.count > most.count ? bucket : most));
  const range = `${timeText(from).slice(0, 19)} to ${timeText(to).slice(0, 19)}`;
  return `Histogram over time: ${counted(total, "message")} from ${range}; most, ${countText(peak.count)} in one ${intervalText(interval)}, at ${timeText(peak.from).slice(0, 19)}.`;
}
