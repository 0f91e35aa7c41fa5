import { z } from "zod";
import { INDICATOR_MEANINGS } from "../schema/meaning.ts";
import { defineEndpoint } from "./endpoint.ts";

export const listIntel = defineEndpoint({
  method: "GET",
  path: "/intel",
  summary: "Lists the indicator lists in force.",
  role: "analyst",
  response: z.object({
    lists: z
      .array(
        z.object({
          type: z.string().describe("The kind of indicator, such as `malicious_ip`."),
          indicators: z.int().min(0).describe("How many indicators it holds."),
          updated: z.number().nullable().describe("When it last changed; null when unknown."),
        }),
      )
      .describe("Every list, by type."),
  }),
});

export const loadIntel = defineEndpoint({
  method: "POST",
  path: "/intel/:type",
  summary: "Loads indicators from CSV with a header; an indicator that is already there is replaced.",
  role: "engineer",
  params: z.strictObject({ type: z.string().min(1).max(100).describe("The kind of indicator.") }),
  query: z.strictObject({
    column: z.string().default("indicator").describe("The column that holds the indicator."),
    separator: z.string().length(1).default(",").describe("What separates the columns."),
    as: z
      .enum(INDICATOR_MEANINGS)
      .optional()
      .describe(
        "What the indicators are; one that is not is refused. By words in the type's name (`malicious_ip`) when left out.",
      ),
    replace: z.stringbool().default(false).describe("Remove the indicators that the file does not hold."),
  }),
  body: {
    types: ["text/csv", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded"],
    about:
      "CSV as in RFC 4180, the first line names the columns; the other columns are kept beside the indicator.",
  },
  response: z.object({
    loaded: z.int().min(0).describe("Indicators loaded."),
    rejected: z
      .array(z.object({ line: z.int().describe("The line."), reason: z.string().describe("Why.") }))
      .describe("Lines left out, at most the first hundred."),
    rejectedCount: z.int().min(0).describe("How many lines were left out in all."),
  }),
});

const columns = z
  .record(z.string(), z.unknown())
  .describe("What its list says of it, by the columns of the CSV it came from.");
const value = z
  .string()
  .min(1)
  .max(2000)
  .describe("The value; another spelling of the same address, name or hash will do.");

export const findIndicators = defineEndpoint({
  method: "GET",
  path: "/indicators",
  summary: "Looks a value up in every list.",
  role: "analyst",
  query: z.strictObject({ value }),
  response: z.object({
    found: z
      .array(
        z.object({
          type: z.string().describe("The list that holds it."),
          indicator: z.string().describe("The indicator in the form in which values are compared."),
          columns,
        }),
      )
      .describe("The lists that hold the value, by type; empty when none does."),
  }),
});

export const listIndicators = defineEndpoint({
  method: "GET",
  path: "/intel/:type/indicators",
  summary: "Lists the indicators of a type, page by page.",
  role: "analyst",
  params: z.strictObject({ type: z.string().min(1).max(100).describe("The kind of indicator.") }),
  query: z.strictObject({
    after: z
      .string()
      .max(2000)
      .optional()
      .describe("Only what comes after this indicator: the last of the page before."),
    size: z.coerce.number().int().min(1).max(10_000).default(1000).describe("Most indicators of a page."),
  }),
  response: z.object({
    indicators: z
      .array(z.object({ indicator: z.string().describe("The indicator."), columns }))
      .describe("The indicators in order; fewer than asked for when there are no more."),
  }),
});

export const removeIndicator = defineEndpoint({
  method: "DELETE",
  path: "/intel/:type/indicators",
  summary: "Removes one indicator from a list; it matches no more from the next batch on.",
  role: "engineer",
  params: z.strictObject({ type: z.string().min(1).max(100).describe("The kind of indicator.") }),
  query: z.strictObject({ value }),
  response: z.object({ removed: z.literal(true).describe("It was there and is gone.") }),
});
