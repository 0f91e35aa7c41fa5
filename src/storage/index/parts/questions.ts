import { z } from "zod";
import type { Message } from "../../../core/message.ts";
import type { PatternPart, Query } from "../../../query/tree.ts";
import type {
  Facet,
  FacetRequest,
  FieldInfo,
  Group,
  GroupRequest,
  Histogram,
  HistogramRequest,
  History,
  IndexProblem,
  IndexStats,
  Patch,
  SearchRequest,
  SearchResult,
  Selection,
} from "../contract.ts";

/** What a process may ask another one of its index. Whoever writes to the topic of questions may have written anything, so all is checked. */

const place = z.object({ line: z.number(), column: z.number() }).optional();
const field = z.string();
const anywhere = z.string().optional();
const bound = z.object({ value: z.string(), inclusive: z.boolean(), place }).optional();
const patternPart: z.ZodType<PatternPart> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("text"), text: z.string() }),
  z.object({ kind: z.literal("many") }),
  z.object({ kind: z.literal("one") }),
]);
const query = z.lazy(() =>
  z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("all") }),
    z.object({
      kind: z.literal("term"),
      field: anywhere,
      value: z.string(),
      by: z.enum(["text", "key"]).optional(),
      place,
    }),
    z.object({ kind: z.literal("pattern"), field: anywhere, parts: z.array(patternPart), place }),
    z.object({ kind: z.literal("range"), field, from: bound, to: bound, place }),
    z.object({ kind: z.literal("exists"), field, place }),
    z.object({ kind: z.literal("network"), field, address: z.string(), bits: z.int(), place }),
    z.object({ kind: z.literal("and"), parts: z.array(query) }),
    z.object({ kind: z.literal("or"), parts: z.array(query) }),
    z.object({ kind: z.literal("not"), part: query }),
  ]),
) as unknown as z.ZodType<Query>;

const selection = {
  query: query.optional(),
  from: z.number().optional(),
  to: z.number().optional(),
  sensors: z.array(z.string()).optional(),
};
// Numbers of messages may be infinite, or none.
const value = z.union([z.string(), z.custom<number>((each) => typeof each === "number"), z.boolean()]);
const size = z.number().optional();
const fieldValue: z.ZodType<unknown> = z.unknown();

const question = z.discriminatedUnion("call", [
  z.object({
    call: z.literal("search"),
    request: z.object({
      ...selection,
      sort: z
        .array(
          z.object({ field, descending: z.boolean(), as: z.enum(["number", "boolean", "text"]).optional() }),
        )
        .optional(),
      ...{ size, cursor: z.string().optional(), fields: z.array(z.string()).optional() },
      ...{ total: z.boolean().optional(), text: z.string().optional(), places: z.literal(true) },
    }),
  }),
  z.object({ call: z.literal("count"), request: z.object(selection) }),
  z.object({
    call: z.literal("facets"),
    request: z.object({
      ...selection,
      fields: z.array(field),
      size,
      values: z.array(z.array(value)).optional(),
    }),
  }),
  z.object({
    call: z.literal("histogram"),
    request: z.object({
      ...selection,
      ...{ interval: z.number().optional(), buckets: z.number().optional() },
      ...{ split: z.string().optional(), splitSize: size, series: z.array(value).optional() },
    }),
  }),
  z.object({
    call: z.literal("groups"),
    request: z.object({
      ...selection,
      ...{
        by: z.array(field),
        score: z.string().optional(),
        order: z.enum(["total", "score"]).optional(),
        size,
      },
    }),
  }),
  z.object({ call: z.literal("get"), request: z.object({ guids: z.array(z.string()) }) }),
  z.object({
    call: z.literal("patch"),
    request: z.object({
      ...{ guid: z.string(), by: z.string() },
      change: z.object({
        set: z.record(z.string(), fieldValue).optional(),
        remove: z.array(z.string()).optional(),
      }),
    }),
  }),
  z.object({ call: z.literal("history"), request: z.object({ guid: z.string() }) }),
  z.object({ call: z.literal("fields"), request: z.object({ sensors: z.array(z.string()).optional() }) }),
  z.object({ call: z.literal("stats"), request: z.object({}) }),
  z.object({ call: z.literal("positions"), request: z.object({}) }),
]);

type Asked<Request> = Omit<Request, "signal" | "declares">;

/** What is asked with each call. */
export type RequestOf = {
  search: Asked<SearchRequest> & { readonly places: true };
  count: Asked<Selection>;
  facets: Asked<FacetRequest>;
  histogram: Asked<HistogramRequest>;
  groups: Asked<GroupRequest>;
  get: { readonly guids: readonly string[] };
  patch: { readonly guid: string; readonly change: Patch; readonly by: string };
  history: { readonly guid: string };
  fields: { readonly sensors?: readonly string[] | undefined };
  stats: object;
  positions: object;
};

export type Call = keyof RequestOf;
export type PartQuestion = {
  readonly [Name in Call]: { readonly call: Name; readonly request: RequestOf[Name] };
}[Call];

/** What is answered to each. */
export type AnswerOf = {
  search: SearchResult;
  count: number;
  facets: readonly Facet[];
  histogram: Histogram;
  groups: readonly Group[];
  get: readonly Message[];
  patch: Message;
  history: History;
  fields: readonly FieldInfo[];
  stats: IndexStats;
  /** What is searchable and not sealed, by `positionKey`. */
  positions: readonly (readonly [key: string, position: number])[];
};

/** An answer, and what it lacks. */
export type PartAnswer<Name extends Call> = {
  readonly answer: AnswerOf[Name];
  readonly problems: readonly IndexProblem[];
};

/** Reads a question of another process; a sentence about what is wrong where it is none. */
export function readQuestion(json: unknown): PartQuestion | string {
  try {
    const read = question.safeParse(json);
    // Values of fields came through JSON: they are what fields may have.
    return read.success ? (read.data as PartQuestion) : z.prettifyError(read.error);
  } catch (error) {
    // A query that is nested without an end.
    return error instanceof Error ? error.message : String(error);
  }
}
