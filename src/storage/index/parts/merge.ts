/** Answers of several indexes, no message of which is in two of them, as one answer. */
import type { FieldNames } from "../../../query/fields.ts";
import type {
  Facet,
  FieldInfo,
  Group,
  GroupRequest,
  Histogram,
  IndexStats,
  SearchRequest,
  SearchResult,
  UnknownField,
} from "../contract.ts";
import { cursorOf } from "../duckdb/cursor.ts";

type Value = Facet["values"][number]["value"];
type Counted = Facet["values"][number];

/** Merges pages by the values that each message is sorted by, the last of them its guid. */
export function mergePages(
  pages: readonly SearchResult[],
  { sort, size }: Pick<SearchRequest, "sort"> & { readonly size: number },
): Pick<SearchResult, "messages" | "cursor" | "total"> {
  const descending = [...(sort?.length ? sort : [{ descending: true }]).map((key) => key.descending), false];
  const rows = pages.flatMap(({ messages, places }) =>
    messages.map((message, row) => ({ message, values: places?.values[row] ?? [] })),
  );
  rows.sort((one, other) => compareRows(one.values, other.values, descending));
  // A part whose page was cut before it was full has more behind its last message: the next page begins there for all.
  const cuts = pages
    .filter(({ cursor, messages }) => cursor !== undefined && messages.length < size)
    .map(({ places }) => places?.values.at(-1) ?? []);
  const known = rows.filter(({ values }) => cuts.every((cut) => compareRows(values, cut, descending) <= 0));
  const page = known.slice(0, size);
  const last = page.at(-1);
  const isMore = rows.length > size || pages.some(({ cursor }) => cursor !== undefined);
  const totals = pages.map(({ total }) => total);
  return {
    messages: page.map(({ message }) => message),
    cursor: last !== undefined && isMore ? cursorOf(last.values) : undefined,
    total: totals.includes(undefined) ? undefined : sumOf(totals),
  };
}

/** Fields that no message of any index has. @param names of all of them, for what was probably meant */
export function mergeUnknown(
  pages: readonly SearchResult[],
  names: FieldNames,
  declares: SearchRequest["declares"],
): UnknownField[] {
  const [first, ...others] = pages;
  return (first?.unknownFields ?? [])
    .filter(
      ({ field }) =>
        declares?.(field) !== true &&
        others.every(({ unknownFields }) => unknownFields.some((unknown) => unknown.field === field)),
    )
    .map((unknown) => ({ ...unknown, suggestions: names.near(unknown.field) }));
}

/** Merges the facets of one field; values of different types are told apart as texts. @param size values of the answer */
export function mergeFacets(facets: readonly Facet[], size: number): Facet {
  const field = facets[0]?.field ?? "";
  const types = new Set(facets.flatMap(({ values }) => values.map(({ value }) => typeof value)));
  const counts = new Map<Value, number>();
  for (const { values } of facets)
    for (const { value, count } of values) {
      const key = types.size > 1 ? String(value) : value;
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  const values = mostFrequent(counts, size);
  const listed = sumOf(values.map(({ count }) => count));
  const present = sumOf(facets.map((facet) => facet.other + sumOf(facet.values.map(({ count }) => count))));
  return {
    ...{ field, values },
    distinct: distinctOf(facets, counts.size),
    other: present - listed,
    missing: sumOf(facets.map(({ missing }) => missing)),
  };
}

/** Whether every index listed all of its values. */
export function isWhole(facets: readonly Facet[]): boolean {
  return facets.every(({ values, distinct }) => values.length >= distinct);
}

/** Merges histograms of one interval; between the first and the last bucket none is left out. */
export function mergeHistograms(
  histograms: readonly Histogram[],
  interval: number,
  series: readonly string[],
): Histogram {
  const counts = new Map<number, { count: number; split: number[] }>();
  for (const { buckets } of histograms)
    for (const { time, count, split } of buckets) {
      const sum = counts.get(time) ?? { count: 0, split: series.map(() => 0) };
      sum.count += count;
      for (const [place, part] of split.entries()) sum.split[place] = (sum.split[place] ?? 0) + part;
      counts.set(time, sum);
    }
  const times = [...counts.keys()].sort((one, other) => one - other);
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return { interval, buckets: [], series: [] };
  const buckets = Array.from({ length: (last - first) / interval + 1 }, (_, place) => {
    const time = first + place * interval;
    return { time, ...(counts.get(time) ?? { count: 0, split: series.map(() => 0) }) };
  });
  return { interval, buckets, series };
}

/** Merges groups level by level. */
export function mergeGroups(
  parts: readonly (readonly Group[])[],
  size: number,
  order: GroupRequest["order"] = "total",
): Group[] {
  const groups = [...Map.groupBy(parts.flat(), ({ value }) => value)].map(([value, same]) => {
    const scores = same.map(({ highest }) => highest).filter((score) => score !== undefined);
    return {
      value,
      total: sumOf(same.map(({ total }) => total)),
      score: sumOf(same.map(({ score }) => score)),
      highest: scores.length === 0 ? undefined : Math.max(...scores),
      groups: mergeGroups(
        same.map(({ groups }) => groups),
        size,
        order,
      ),
    };
  });
  const rank = ({ highest = Number.NEGATIVE_INFINITY }: Group) => (order === "score" ? highest : 0);
  const byRank = (one: Group, other: Group) => (rank(one) === rank(other) ? 0 : rank(other) - rank(one));
  return groups
    .sort(
      (one, other) => byRank(one, other) || other.total - one.total || compareValues(one.value, other.value),
    )
    .slice(0, size);
}

export function mergeFields(lists: readonly (readonly FieldInfo[])[]): FieldInfo[] {
  return [...Map.groupBy(lists.flat(), ({ name }) => name)]
    .map(([name, same]) => {
      const types = new Set(same.map(({ type }) => type));
      const [type = "mixed"] = types;
      const sensors = [...new Set(same.flatMap(({ sensors }) => sensors))].sort();
      return { name, type: types.size === 1 ? type : ("mixed" as const), sensors };
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Adds up what indexes tell of themselves. @param names of the processes, in the order of `all` */
export function mergeStats(
  all: readonly IndexStats[],
  names: readonly string[],
): Omit<IndexStats, "problems"> {
  const sum = (of: (stats: IndexStats) => number) => sumOf(all.map(of));
  const sensors = [
    ...Map.groupBy(
      all.flatMap((stats) => stats.sensors),
      ({ sensor }) => sensor,
    ),
  ].map(([sensor, same]) => ({
    sensor,
    messages: sumOf(same.map(({ messages }) => messages)),
    bytes: sumOf(same.map(({ bytes }) => bytes)),
    segments: sumOf(same.map(({ segments }) => segments)),
    fields: Math.max(...same.map(({ fields }) => fields)),
    together: Math.max(...same.map(({ together }) => together)),
    hasMore: same.some(({ hasMore }) => hasMore),
    from: Math.min(...same.map(({ from }) => from)),
    to: Math.max(...same.map(({ to }) => to)),
  }));
  const unsealed = all.flatMap((stats, place) =>
    stats.unsealed === undefined ? [] : [`${names[place]}: ${stats.unsealed}`],
  );
  const asOf = all.find((stats) => stats.asOf !== undefined)?.asOf;
  return {
    messages: sum(({ messages }) => messages),
    hot: sum(({ hot }) => hot),
    bytes: sum(({ bytes }) => bytes),
    segments: sum(({ segments }) => segments),
    sensors: sensors.sort((one, other) => (one.sensor < other.sensor ? -1 : 1)),
    searches: {
      running: sum(({ searches }) => searches.running),
      waiting: sum(({ searches }) => searches.waiting),
      refused: sum(({ searches }) => searches.refused),
      limited: sum(({ searches }) => searches.limited),
      abandoned: sum(({ searches }) => searches.abandoned),
      isSaturated: all.some(({ searches }) => searches.isSaturated),
    },
    setAside: all.flatMap((stats, place) => stats.setAside.map((text) => `${names[place]}: ${text}`)),
    unsealed: unsealed.length === 0 ? undefined : unsealed.join("; "),
    // One of them may have an archive, or copies of alerts: no others are let in beside a second.
    archive: all.find(({ archive }) => archive !== undefined)?.archive,
    alertCopies: all.find(({ alertCopies }) => alertCopies !== undefined)?.alertCopies,
    ...(asOf !== undefined && { asOf }),
  };
}

/** The most frequent values, ties by value. */
function mostFrequent(counts: ReadonlyMap<Value, number>, size: number): Counted[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1))
    .slice(0, size);
}

/** How many different values there are: exact where all are listed, else by how much the lists have in common. */
function distinctOf(facets: readonly Facet[], listed: number): number {
  if (isWhole(facets)) return listed;
  const all = sumOf(facets.map(({ distinct }) => distinct));
  const inLists = sumOf(facets.map(({ values }) => values.length));
  const estimate = Math.round((all * listed) / Math.max(1, inLists));
  return Math.max(listed, estimate, ...facets.map(({ distinct }) => distinct));
}

function compareRows(
  one: readonly unknown[],
  other: readonly unknown[],
  descending: readonly boolean[],
): number {
  for (const [place, isDescending] of descending.entries()) {
    const [first, second] = [one[place] ?? null, other[place] ?? null];
    if (first === null || second === null) {
      // What has no value comes last, whatever the direction.
      if (first !== second) return first === null ? 1 : -1;
      continue;
    }
    const order = compareValues(first, second);
    if (order !== 0) return isDescending ? -order : order;
  }
  return 0;
}

/** As the index compares: texts by their bytes, and what is no number is the greatest number. */
function compareValues(one: unknown, other: unknown): number {
  if (typeof one === "string" && typeof other === "string")
    return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
  const [first, second] = [Number(one), Number(other)];
  if (Number.isNaN(first) || Number.isNaN(second))
    return Number(Number.isNaN(first)) - Number(Number.isNaN(second));
  return first === second ? 0 : first - second;
}

function sumOf(numbers: readonly (number | undefined)[]): number {
  return numbers.reduce((sum: number, number) => sum + (number ?? 0), 0);
}
