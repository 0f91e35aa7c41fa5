import type { RetentionResult, RetentionRule } from "../contract.ts";
import { type Client, LONG } from "./client.ts";
import { isOfOtherDays, type Names } from "./names.ts";

/** An index of messages: those of one sensor and day. */
export type DayIndex = {
  readonly name: string;
  readonly sensor: string;
  readonly messages: number;
  readonly bytes: number;
  /** Times of the first and the last message. */
  readonly from: number;
  readonly to: number;
};

/** Sensors and days that are told of at a time. */
const MOST_INDICES = 10_000;
/** Messages without a day of their own are removed one by one. */
const DELETING = 600_000;

/** All indices that hold messages, the oldest first. */
export async function dayIndices(client: Client, names: Names): Promise<DayIndex[]> {
  const pattern = encodeURIComponent(names.pattern);
  const { body } = await client.ask("POST", `/${pattern}/_search?ignore_unavailable=true`, {
    time: LONG,
    body: {
      size: 0,
      aggs: {
        days: {
          terms: { field: "_index", size: MOST_INDICES },
          aggs: {
            sensor: { terms: { field: "sensor", size: 1 } },
            from: { min: { field: "time" } },
            to: { max: { field: "time" } },
          },
        },
      },
    },
  });
  const sizes = await client.ask(
    "GET",
    `/${pattern}/_stats/store?filter_path=indices.*.total.store.size_in_bytes`,
  );
  const bytesOf = (sizes.body.indices ?? {}) as Record<
    string,
    { total: { store: { size_in_bytes: number } } }
  >;
  const { days } = (body.aggregations ?? {}) as { days?: { buckets: Day[] } };
  return (days?.buckets ?? [])
    .map(({ key, doc_count, sensor, from, to }) => ({
      name: key,
      sensor: sensor.buckets[0]?.key ?? "",
      messages: doc_count,
      bytes: bytesOf[key]?.total.store.size_in_bytes ?? 0,
      from: from.value,
      to: to.value,
    }))
    .sort((a, b) => a.to - b.to);
}

type Day = {
  readonly key: string;
  readonly doc_count: number;
  readonly sensor: { readonly buckets: readonly { readonly key: string }[] };
  readonly from: { readonly value: number };
  readonly to: { readonly value: number };
};

/** Drops the days that are too old or too much, whole; of days without an index of their own the messages that are too old. */
export async function retainDays(
  client: Client,
  names: Names,
  rules: readonly RetentionRule[],
  now: number,
): Promise<RetentionResult> {
  const days = await dayIndices(client, names);
  const dropped: DayIndex[] = [];
  let removed = 0;
  for (const [sensor, own] of Map.groupBy(days, (day) => day.sensor)) {
    const rule = rules.find((one) => one.sensor === sensor) ?? rules.find((one) => one.sensor === "*");
    if (rule === undefined) continue;
    const { age, bytes = Number.POSITIVE_INFINITY } = rule;
    const oldest = age === undefined ? Number.NEGATIVE_INFINITY : now - age;
    let sum = own.reduce((all, day) => all + day.bytes, 0);
    for (const day of own) {
      if (day.to < oldest || sum > bytes) {
        dropped.push(day);
        sum -= day.bytes;
      } else if (isOfOtherDays(day.name) && day.from < oldest)
        removed += await deleteBefore(client, day.name, oldest);
    }
  }
  // One by one: names together may be longer than a request's path.
  for (const { name } of dropped)
    await client.ask("DELETE", `/${encodeURIComponent(name)}`, { expected: [404], time: LONG });
  return {
    segments: dropped.length,
    messages: dropped.reduce((sum, { messages }) => sum + messages, removed),
    bytes: dropped.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Removes the messages of an index that are older than that. @returns how many */
export async function deleteBefore(client: Client, index: string, time: number): Promise<number> {
  const { body } = await client.ask(
    "POST",
    `/${encodeURIComponent(index)}/_delete_by_query?conflicts=proceed`,
    {
      body: { query: { range: { time: { lt: time } } } },
      time: DELETING,
    },
  );
  return Number(body.deleted ?? 0);
}
