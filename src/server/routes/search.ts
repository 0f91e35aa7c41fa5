import type { FastifyInstance } from "fastify";
import {
  type Group as ApiGroup,
  facetMessages,
  groupMessages,
  listFields,
  messageHistogram,
  searchMessages,
} from "../../api/search.ts";
import type { Actor } from "../../core/actor.ts";
import { Fault } from "../../core/fault.ts";
import { ERROR_SENSOR } from "../../pipeline/errors.ts";
import { type FieldType, typeOf } from "../../platform/field-notes.ts";
import type { Platform } from "../../platform/platform.ts";
import { fieldKey, fieldsOf } from "../../query/fields.ts";
import type { Hint } from "../../query/hints.ts";
import { nameHere } from "../../query/other-names.ts";
import { parse } from "../../query/parse.ts";
import { sensorsSeenBy } from "../../query/scope.ts";
import { clausesOf } from "../../query/visit.ts";
import type { Group, SearchResult, Selection } from "../../storage/index/contract.ts";
import { implement } from "../implement.ts";
import { partialOf } from "../partial.ts";
import { robustHistogram } from "./histogram-range.ts";

type SelectionBody = {
  query: string;
  from?: number | undefined;
  to?: number | undefined;
  sensors?: string[] | undefined;
};

/**
 * What a request selects of what the actor may see: all sensors but the error index unless it names some.
 * @throws Fault SENSOR_UNKNOWN
 */
async function selectionOf(
  platform: Platform,
  actor: Actor,
  body: SelectionBody,
  signal?: AbortSignal,
): Promise<Selection> {
  const known = await platform.searchedSensors(actor);
  const unknown = body.sensors?.find((name) => name !== ERROR_SENSOR && !known.includes(name));
  // Who sees some sensors alone is not told which others there are: out of sight or never there, they give nothing.
  if (unknown !== undefined && actor.scope === undefined)
    throw new Fault(
      "SENSOR_UNKNOWN",
      `searching sensor \`${unknown}\`: there is no such sensor; there are: ${[...known, ERROR_SENSOR].toSorted().join(", ")}`,
    );
  const sensors = body.sensors?.filter(sensorsSeenBy(actor)) ?? known;
  const query = await platform.asked(body.query, actor);
  return { query, from: body.from, to: body.to, sensors, signal };
}

/**
 * Refuses a query that finds nothing and names a field that no message has: the empty answer would look like a finding.
 * @throws Fault QUERY_INVALID
 */
async function refuseUnknown({ index }: Platform, asked: string, result: SearchResult): Promise<void> {
  // A field of the actor's scope is not the asker's mistake.
  const named = fieldsOf(parse(asked));
  const unknown = result.unknownFields.find(({ field }) => named.has(field));
  const found = result.total ?? result.messages.length;
  if (unknown === undefined || found > 0 || result.problems.length > 0) return;
  if ((await index.fields()).length === 0) return;
  throw new Fault("QUERY_INVALID", `no message has a field \`${unknown.field}\``, {
    details: { ...unknown.place, length: unknown.field.length, suggestion: unknown.suggestions[0] },
  });
}

/** A search among messages finds no rejected records: they are searched apart. */
function rejectedHint({ query, sensors }: SelectionBody): Hint[] {
  if (sensors !== undefined) return [];
  const asks = clausesOf(parse(query)).some(
    ({ clause, isNegated }) =>
      !isNegated &&
      clause.kind === "term" &&
      clause.value === ERROR_SENSOR &&
      clause.field !== undefined &&
      fieldKey(clause.field) === "source.type",
  );
  if (!asks) return [];
  return [
    {
      code: "rejected-apart",
      text: "Rejected records are searched apart: with `--sensor error` on the command line, `sensors` in a call, `Rejected` on the page.",
    },
  ];
}

/**
 * Which fields are declared, however they are spelt: messages may have them although none has yet, such as `is_alert` before the first alert.
 * What others call a field of ours is most likely meant as that, also where some sensor may keep the other name.
 */
function declaredBy(platform: Platform): (field: string) => boolean {
  const schema = platform.schema();
  return (field) => schema.find(fieldKey(field)) !== undefined && nameHere(field) === undefined;
}

/** Refuses what a search with the same query refuses; for answers that counted nothing. */
async function refuseAsSearch(platform: Platform, asked: string, selection: Selection): Promise<void> {
  const request = { ...selection, size: 0, declares: declaredBy(platform) };
  await refuseUnknown(platform, asked, await platform.index.search(request));
}

export function searchRoutes(app: FastifyInstance, platform: Platform): void {
  const { index } = platform;

  implement(app, searchMessages, async ({ actor, body, signal }) => {
    const started = performance.now();
    const always = ["guid", "timestamp", "source.type"];
    const selection = await selectionOf(platform, actor, body, signal);
    const result = await index.search({
      ...selection,
      sort: body.sort.map(({ field, order }) => ({ field, descending: order === "desc" })),
      size: body.size,
      cursor: body.cursor,
      fields: body.fields === undefined ? undefined : [...new Set([...body.fields, ...always])],
      total: body.total,
      // Hints look beyond the query, and so would look beyond the scope.
      text: actor.scope === undefined ? body.query : undefined,
      declares: declaredBy(platform),
    });
    await refuseUnknown(platform, body.query, result);
    return {
      hits: [...result.messages],
      ...(result.total === undefined ? {} : { total: result.total }),
      ...(result.cursor === undefined ? {} : { cursor: result.cursor }),
      hints: [...result.hints, ...rejectedHint(body)],
      ...partialOf(result.problems),
      took: performance.now() - started,
    };
  });

  implement(app, facetMessages, async ({ actor, body, signal }) => {
    const started = performance.now();
    const selection = await selectionOf(platform, actor, body, signal);
    const facets = await index.facets({
      ...selection,
      fields: body.fields,
      size: body.size,
    });
    const isEmpty = facets.every(({ values, missing }) => values.length === 0 && missing === 0);
    if (isEmpty) await refuseAsSearch(platform, body.query, selection);
    return {
      facets: facets.map(({ field, values, distinct, missing }) => ({
        field,
        distinct,
        missing,
        values: [...values],
      })),
      ...partialOf(index.problems(selection)),
      took: performance.now() - started,
    };
  });

  implement(app, messageHistogram, async ({ actor, body, signal }) => {
    const started = performance.now();
    const request = {
      ...(await selectionOf(platform, actor, body, signal)),
      buckets: body.buckets,
      split: body.split,
      splitSize: body.splitSize,
    };
    const { histogram, from, to, outside } = await robustHistogram(request, (part) => index.histogram(part));
    const { interval: width, buckets, series } = histogram;
    if (buckets.every(({ count }) => count === 0)) await refuseAsSearch(platform, body.query, request);
    const first = buckets[0]?.time ?? from ?? 0;
    const last = (buckets.at(-1)?.time ?? first) + width;
    return {
      from: from ?? first,
      to: to ?? last,
      ...(outside.before + outside.after === 0 ? {} : { outside }),
      interval: buckets.length === 0 ? 0 : width,
      buckets: buckets.map(({ time, count, split }) => ({
        from: time,
        count,
        ...(body.split === undefined ? {} : { parts: partsOf(series, split, count) }),
      })),
      ...partialOf(index.problems(request)),
      took: performance.now() - started,
    };
  });

  implement(app, groupMessages, async ({ actor, body, signal }) => {
    const started = performance.now();
    const selection = await selectionOf(platform, actor, body, signal);
    const groups = await index.groups({
      ...selection,
      by: body.fields,
      size: body.size,
      order: body.order === "score" ? "score" : "total",
    });
    if (groups.length === 0) await refuseAsSearch(platform, body.query, selection);
    const partial = partialOf(index.problems(selection));
    return { groups: groups.map(toApi), ...partial, took: performance.now() - started };
  });

  implement(app, listFields, async ({ actor }) => {
    const schema = platform.schema();
    const sensors = (await platform.storedSensors()).filter(sensorsSeenBy(actor));
    return {
      fields: (await index.fields(actor.scope === undefined ? undefined : sensors)).map(
        ({ name, type, sensors }) => {
          const field = schema.find(name);
          const indexed: FieldType | "other" = type === "json" ? "list" : type === "mixed" ? "other" : type;
          return { about: "", ...field, name, type: typeOf(field) ?? indexed, sensors: [...sensors] };
        },
      ),
    };
  });
}

function toApi({ value, total, highest, groups }: Group): ApiGroup {
  return {
    value,
    count: total,
    score: highest ?? null,
    ...(groups.length === 0 ? {} : { groups: groups.map(toApi) }),
  };
}

/** The parts of a bucket by the values of the split; what no listed value has is the part null. */
function partsOf(
  series: readonly string[],
  split: readonly number[],
  count: number,
): { value: string | null; count: number }[] {
  const parts: { value: string | null; count: number }[] = series.map((value, index) => ({
    value,
    count: split[index] ?? 0,
  }));
  const rest = count - parts.reduce((sum, part) => sum + part.count, 0);
  return (rest > 0 ? [...parts, { value: null, count: rest }] : parts).filter((part) => part.count > 0);
}
