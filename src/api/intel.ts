import { z } from "zod";
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
