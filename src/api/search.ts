import { z } from "zod";
import { UNITS } from "../schema/field.ts";
import { MEANINGS } from "../schema/meaning.ts";
import { defineEndpoint } from "./endpoint.ts";
import { selection, storedMessage, time } from "./selection.ts";

/** The most rows one answer holds. */
const MAX_HITS = 1000;

const count = z.int().min(0);

/** Why an answer is not the whole one: a part of the index could not be read, or a limit was reached. */
export const partial = z
  .object({
    reasons: z
      .array(
        z.object({
          code: z
            .string()
            .describe("What kind of reason it is, such as `FILE_UNREADABLE` or `SEARCH_LIMIT`."),
          text: z.string().describe("What is missing in the answer, in one sentence."),
          advice: z.string().describe("What to do about it."),
          sensor: z.string().optional().describe("The sensor whose messages are missing."),
          file: z.string().optional().describe("The file that is affected."),
          since: time
            .optional()
            .describe("Since when no messages can be stored; absent when it is about stored ones."),
          messages: count.optional().describe("How many messages are missing, as far as is known."),
          from: time.optional().describe("The earliest `timestamp` of what is missing."),
          to: time.optional().describe("The latest `timestamp` of what is missing."),
        }),
      )
      .describe("Every reason there is."),
  })
  .optional()
  .describe("Given when the answer does not cover everything that was asked for; absent when it is whole.");

export type PartialAnswer = NonNullable<z.output<typeof partial>>;

const bucketValue = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .describe("The value; null stands for messages without the field.");

const FAMILY =
  "A name with `*` for a number, such as `threat.triage.rules.*.name`, means all these fields together: a message counts for each of their values.";

const hint = z.object({
  code: z.string().describe("The kind of hint, such as `lowercase-operator` or `part-of-value`."),
  text: z.string().describe("What a person should know about the answer."),
  query: z.string().optional().describe("The whole query as it was probably meant."),
});

export const searchMessages = defineEndpoint({
  method: "POST",
  path: "/search",
  summary: "Finds messages by query, time and sensor, a page at a time.",
  role: "analyst",
  body: z.strictObject({
    ...selection,
    sort: z
      .array(
        z.strictObject({
          field: z.string().describe("Field to sort by."),
          order: z.enum(["asc", "desc"]).default("desc").describe("Ascending or descending."),
        }),
      )
      .max(4)
      .default([{ field: "timestamp", order: "desc" }])
      .describe("Sort keys; messages without the field come last; `guid` breaks ties."),
    size: z.int().min(0).max(MAX_HITS).default(100).describe("Rows wanted; 0 asks for the total alone."),
    cursor: z.string().optional().describe("The `cursor` of the answer before, to go on after it."),
    fields: z
      .array(z.string())
      .optional()
      .describe("Fields wanted; absent means all. `guid`, `timestamp` and `source.type` always come."),
    total: z.boolean().default(true).describe("Count all matches too."),
  }),
  response: z.object({
    hits: z.array(storedMessage).describe("The messages of this page, in order."),
    total: count.optional().describe("How many messages match in all, when asked for."),
    cursor: z.string().optional().describe("Where to go on; absent on the last page."),
    hints: z
      .array(hint)
      .describe("What the query probably does not mean, and how to ask for what it does; mostly empty."),
    partial,
    took: z.number().describe("Milliseconds the index worked."),
  }),
});

export const facetMessages = defineEndpoint({
  method: "POST",
  path: "/facets",
  summary: "Counts the most frequent values of fields.",
  role: "analyst",
  body: z.strictObject({
    ...selection,
    fields: z.array(z.string()).min(1).max(50).describe(`Fields to count the values of. ${FAMILY}`),
    size: z.int().min(1).max(1000).default(10).describe("Values per field, the most frequent first."),
  }),
  response: z.object({
    facets: z
      .array(
        z.object({
          field: z.string().describe("The field."),
          distinct: count.describe("How many different values there are."),
          missing: count.optional().describe("How many messages do not have the field."),
          values: z
            .array(z.object({ value: bucketValue, count: count.describe("Messages with it.") }))
            .describe("The most frequent values."),
        }),
      )
      .describe("One per field asked for, in that order; an unknown field has no values."),
    partial,
    took: z.number().describe("Milliseconds the index worked."),
  }),
});

export const messageHistogram = defineEndpoint({
  method: "POST",
  path: "/histogram",
  summary: "Counts messages over time, split by a field if wanted.",
  role: "analyst",
  body: z.strictObject({
    ...selection,
    buckets: z
      .int()
      .min(1)
      .max(1000)
      .default(100)
      .describe("How many buckets are wanted; there are about that many or fewer."),
    split: z
      .string()
      .optional()
      .describe("A field by whose values each bucket is divided, such as `is_alert`."),
    splitSize: z
      .int()
      .min(1)
      .max(20)
      .default(8)
      .describe("At most this many values; the rest are one part, null."),
  }),
  response: z.object({
    from: time.describe("Start of the first bucket. Without a range in the request: of the data."),
    to: time.describe("End of the last bucket. Without a range in the request: of the data."),
    outside: z
      .object({
        before: count.describe("Messages that are older."),
        after: count.describe("Messages that are newer."),
      })
      .optional()
      .describe(
        "What an open range leaves out, when few messages are so far from all others that these would be one bar.",
      ),
    interval: z.number().describe("Width of a bucket in milliseconds; 0 when nothing matches."),
    buckets: z
      .array(
        z.object({
          from: time.describe("Start of the bucket."),
          count: count.describe("Messages in it."),
          parts: z
            .array(z.object({ value: bucketValue, count: count.describe("Messages of this part.") }))
            .optional()
            .describe("The parts, when `split` was given; they add up to `count`."),
        }),
      )
      .describe("Buckets in order of time; empty ones may be left out."),
    partial,
    took: z.number().describe("Milliseconds the index worked."),
  }),
});

/** One level of a grouping: a value, its messages, and the groups within. */
export type Group = {
  value: string | number | boolean | null;
  count: number;
  score: number | null;
  groups?: Group[] | undefined;
};

const group: z.ZodType<Group> = z.lazy(() =>
  z.object({
    value: bucketValue,
    count: count.describe("Messages in the group."),
    score: z.number().nullable().describe("The highest threat triage score in the group."),
    groups: z.array(group).optional().describe("The groups of the next field."),
  }),
);

export const groupMessages = defineEndpoint({
  method: "POST",
  path: "/groups",
  summary: "Groups messages by one field within another, with count and highest score.",
  role: "analyst",
  body: z.strictObject({
    ...selection,
    fields: z.array(z.string()).min(1).max(5).describe(`Fields to group by, the outermost first. ${FAMILY}`),
    size: z.int().min(1).max(1000).default(25).describe("Groups per level."),
    order: z
      .enum(["count", "score"])
      .default("count")
      .describe("Which groups come first: the largest, or those with the highest score."),
  }),
  response: z.object({
    groups: z.array(group).describe("The groups of the first field."),
    partial,
    took: z.number().describe("Milliseconds the index worked."),
  }),
});

export const listFields = defineEndpoint({
  method: "GET",
  path: "/fields",
  summary: "Lists the fields that messages have, for completion and column choice.",
  role: "analyst",
  response: z.object({
    fields: z
      .array(
        z.object({
          name: z.string().describe("The field's name."),
          type: z
            .enum(["text", "ip", "integer", "long", "double", "date", "boolean", "list", "other"])
            .describe("How it is indexed."),
          about: z.string().describe("What it means; empty when nobody has said."),
          meaning: z
            .enum(MEANINGS)
            .optional()
            .describe("What its values stand for, as declared; left out when their form decides."),
          isList: z.literal(true).optional().describe("Whether a value is a list of such values."),
          unit: z.enum(UNITS).optional().describe("Unit of durations and of instants since 1970."),
          ecs: z.string().optional().describe("Its name in the Elastic Common Schema."),
          ocsf: z.string().optional().describe("Its name in the Open Cybersecurity Schema Framework."),
          sensors: z.array(z.string()).optional().describe("The sensors whose messages have it."),
        }),
      )
      .describe("Every field, sorted by name."),
  }),
});
