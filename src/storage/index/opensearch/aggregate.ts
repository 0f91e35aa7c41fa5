import { Fault } from "../../../core/fault.ts";
import { parseAddress } from "../../../query/address.ts";
import { numberOf } from "../../../schema/number-of.ts";
import type { Facet, FacetRequest, Histogram, HistogramRequest, Selection } from "../contract.ts";
import {
  DEFAULT_BUCKETS,
  DEFAULT_FACETS,
  DEFAULT_SERIES,
  MOST_BUCKETS,
  niceInterval,
  sizeOf,
} from "../requests.ts";
import { type Asking, askWhole, countOf, selectionDsl } from "./asking.ts";
import type { Answer } from "./client.ts";
import { exists, objectsOf } from "./compile-dsl.ts";
import { type Dsl, type DslField, either } from "./dsl.ts";
import { path } from "./mapping.ts";

/** Values that each shard counts beyond those asked for, so that the sums of all shards are right. */
const SHARD_VALUES = 2000;
/** Up to so many different values, their number is exact. */
const EXACT_VALUES = 40_000;

export type Bucket = { readonly key: string | number | bigint; readonly doc_count: number } & Answer;
type Terms = { readonly buckets: readonly Bucket[]; readonly sum_other_doc_count: number };

/** How the most frequent values of a field's object are asked for. */
export function terms(field: string, size: number, more: Dsl = {}): Dsl {
  return { field, size: Math.max(1, size), shard_size: size + SHARD_VALUES, ...more };
}

export async function facets(asking: Asking, request: FacetRequest): Promise<Facet[]> {
  const size = sizeOf(request.size, DEFAULT_FACETS, "facets");
  return Promise.all(request.fields.map((field) => facet(asking, request, field, size)));
}

async function facet(asking: Asking, request: Selection, written: string, size: number): Promise<Facet> {
  const field = asking.fields.find(written);
  if (field === undefined || field.kind === "original")
    return { field: written, values: [], distinct: 0, other: 0, missing: await countOf(asking, request) };
  const paths = field.kind === "guid" ? ["guid"] : objectsOf(field).map((object) => path(object, field.part));
  const query = selectionDsl(asking, request);
  const { aggregations } = await askWhole(asking, request, {
    query,
    aggs: {
      ...Object.fromEntries(
        paths.map((path, place) => [
          place,
          { terms: terms(path, size, { order: [{ _count: "desc" }, { _key: "asc" }] }) },
        ]),
      ),
      ...Object.fromEntries(
        paths.map((field, place) => [
          `distinct${place}`,
          { cardinality: { field, precision_threshold: EXACT_VALUES } },
        ]),
      ),
      missing: { filter: { bool: { must_not: [exists(field)] } } },
    },
  });
  const counted = paths.map((_, place) => aggregations[place] as Terms);
  // The last object holds texts: with some of them, all values are told as texts.
  const only = asking.fields.only(field.name);
  const isNumber =
    field.kind === "whole" || field.kind === "real" ? isEmpty(counted.at(-1)) : only === "numbers";
  const all = counted
    .flatMap(({ buckets }) => buckets)
    .map(({ key, doc_count }) => ({
      value: isNumber ? exactNumber(key) : only === "truths" ? key === "true" : String(key),
      count: doc_count,
    }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  const values = all.slice(0, size);
  const unlisted = all.slice(size).reduce((sum, { count }) => sum + count, 0);
  const isAll = counted.every(({ sum_other_doc_count }) => sum_other_doc_count === 0);
  const distinct = paths.reduce(
    (sum, _, place) => sum + (aggregations[`distinct${place}`] as { value: number }).value,
    0,
  );
  return {
    field: written,
    values,
    distinct: isAll ? all.length : Math.max(all.length, distinct),
    other: counted.reduce((sum, { sum_other_doc_count }) => sum + sum_other_doc_count, unlisted),
    missing: (aggregations.missing as { doc_count: number }).doc_count,
  };
}

function isEmpty(counted: Terms | undefined): boolean {
  return counted === undefined || counted.buckets.length === 0;
}

function exactNumber(key: string | number | bigint): number | string {
  const number = Number(key);
  return typeof key === "bigint" ? String(key) : number;
}

export async function histogram(asking: Asking, request: HistogramRequest): Promise<Histogram> {
  const { split } = request;
  const splitSize = sizeOf(request.splitSize, DEFAULT_SERIES, "a histogram's split");
  const field = split === undefined ? undefined : asking.fields.find(split);
  const values =
    field === undefined || split === undefined || splitSize === 0
      ? []
      : (await facet(asking, request, split, splitSize)).values;
  const series = values.map(({ value }) => String(value));
  const span = await timesOf(asking, request);
  if (span === undefined) return { interval: request.interval ?? 1000, buckets: [], series: [] };
  const start = request.from ?? span.first;
  // An open range goes on to now, though nothing may have come of late.
  const end = request.to ?? Math.max(span.last + 1, request.from === undefined ? 0 : asking.now());
  const interval = request.interval ?? niceInterval(end - start, request.buckets ?? DEFAULT_BUCKETS);
  if (!Number.isSafeInteger(interval) || interval < 1)
    throw new Fault(
      "REQUEST_INVALID",
      `counting by time: an interval is whole milliseconds from 1, not ${interval}`,
    );
  const from = Math.floor(start / interval);
  const to = Math.floor((end - 1) / interval);
  if (to - from >= MOST_BUCKETS)
    throw new Fault(
      "REQUEST_INVALID",
      `counting by time: at most ${MOST_BUCKETS} buckets, not ${to - from + 1}: take a longer interval`,
    );
  const filters = field && Object.fromEntries(series.map((value, place) => [place, hasValue(field, value)]));
  const { aggregations } = await askWhole(asking, request, {
    query: selectionDsl(asking, request),
    aggs: {
      times: {
        histogram: { field: "time", interval, min_doc_count: 1 },
        ...(series.length > 0 && { aggs: { split: { filters: { filters } } } }),
      },
    },
  });
  const buckets = Array.from({ length: to - from + 1 }, (_, place) => ({
    time: (from + place) * interval,
    count: 0,
    split: series.map(() => 0),
  }));
  for (const bucket of (aggregations.times as Terms | undefined)?.buckets ?? []) {
    const found = buckets[Math.floor(Number(bucket.key) / interval) - from];
    if (found === undefined) continue;
    found.count = bucket.doc_count;
    const parts = (bucket.split as { buckets: Record<string, { doc_count: number }> } | undefined)?.buckets;
    found.split = series.map((_, place) => parts?.[place]?.doc_count ?? 0);
  }
  return { interval, buckets, series };
}

/** That a message has a value of a field, as facets tell it. */
function hasValue(field: DslField, value: string): Dsl {
  if (field.kind === "guid") return { term: { guid: value } };
  return either(
    objectsOf(field).map((object) => {
      const fits =
        object === "text" || (object === "address" ? parseAddress(value) : numberOf(value)) !== undefined;
      return fits ? { term: { [path(object, field.part)]: value } } : undefined;
    }),
  );
}

/** The times of the first and the last message of a selection, whatever its query; undefined when there is none. */
async function timesOf(
  asking: Asking,
  { from, to, sensors, signal }: Selection,
): Promise<{ first: number; last: number } | undefined> {
  const selection = { from, to, sensors, signal };
  const { aggregations } = await askWhole(asking, selection, {
    query: selectionDsl(asking, selection),
    aggs: { first: { min: { field: "time" } }, last: { max: { field: "time" } } },
  });
  const [first, last] = [aggregations.first, aggregations.last].map(
    (found) => (found as { value?: number | null })?.value,
  );
  return typeof first === "number" && typeof last === "number" ? { first, last } : undefined;
}
