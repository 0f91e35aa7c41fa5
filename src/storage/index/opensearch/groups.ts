import type { Group, GroupRequest } from "../contract.ts";
import { DEFAULT_GROUPS, SCORE, sizeOf } from "../requests.ts";
import { type Bucket, terms } from "./aggregate.ts";
import { type Asking, askWhole, selectionDsl } from "./asking.ts";
import type { Answer } from "./client.ts";
import { objectsOf } from "./compile-dsl.ts";
import type { Dsl, DslField } from "./dsl.ts";
import { path } from "./mapping.ts";

type Ordered = Pick<GroupRequest, "order"> & { readonly size: number; readonly score: string };

/** Messages by the values of fields, one in the other, with the sum and the maximum of a score. */
export async function groups(asking: Asking, request: GroupRequest): Promise<Group[]> {
  const size = sizeOf(request.size, DEFAULT_GROUPS, "groups");
  const fields = request.by.map((written) => asking.fields.find(written));
  const score = asking.fields.find(request.score ?? SCORE);
  if (
    size === 0 ||
    fields.length === 0 ||
    fields.some((field) => field === undefined || field.kind === "original")
  )
    return [];
  const object = score?.kind === "whole" ? "whole" : "real";
  const ordered = { size, order: request.order, score: path(object, score?.part ?? "none") };
  const known = fields.filter((field) => field !== undefined);
  const { aggregations } = await askWhole(asking, request, {
    query: selectionDsl(asking, request),
    aggs: levels(known, ordered),
  });
  return groupsOf(aggregations, known, ordered);
}

/** A level for each object that the field's values stand in; each value stands in one. */
function levels([field, ...inner]: readonly DslField[], ordered: Ordered): Dsl {
  if (field === undefined) return {};
  const order =
    ordered.order === "score"
      ? [{ most: "desc" }, { _count: "desc" }, { _key: "asc" }]
      : [{ _count: "desc" }, { _key: "asc" }];
  const aggs = {
    score: { sum: { field: ordered.score } },
    most: { max: { field: ordered.score } },
    ...levels(inner, ordered),
  };
  return Object.fromEntries(
    pathsOf(field).map((field, place) => [
      `by${place}`,
      { terms: terms(field, ordered.size, { order }), aggs },
    ]),
  );
}

function groupsOf(answer: Answer, [field, ...inner]: readonly DslField[], ordered: Ordered): Group[] {
  if (field === undefined) return [];
  const found = pathsOf(field)
    .flatMap((_, place) => (answer[`by${place}`] as { buckets: Bucket[] }).buckets)
    .map((bucket): Group => {
      const { value: highest } = bucket.most as { value: number | null };
      return {
        value: String(bucket.key),
        total: bucket.doc_count,
        score: (bucket.score as { value: number }).value,
        highest: typeof highest === "number" ? highest : undefined,
        groups: groupsOf(bucket, inner, ordered),
      };
    });
  const most = ({ highest = Number.NEGATIVE_INFINITY }: Group) => highest;
  const byScore = (a: Group, b: Group) => (most(a) === most(b) ? 0 : most(b) - most(a));
  return found
    .sort(
      (a, b) =>
        (ordered.order === "score" ? byScore(a, b) : 0) || b.total - a.total || (a.value < b.value ? -1 : 1),
    )
    .slice(0, ordered.size);
}

function pathsOf(field: DslField): readonly string[] {
  return field.kind === "guid" ? ["guid"] : objectsOf(field).map((object) => path(object, field.part));
}
