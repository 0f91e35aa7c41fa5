import { z } from "zod";

/** One mistake in a text: where it is and how to correct it. Lines and columns count from 1. */
export const diagnostic = z.object({
  severity: z.enum(["error", "warning"]).describe("A warning does not stop anything."),
  message: z.string().describe("What is wrong, in one sentence."),
  line: z.int().min(1).describe("Line of the mistake, from 1."),
  column: z.int().min(1).describe("Column of the mistake in UTF-16 units, from 1."),
  length: z.int().min(0).describe("How many UTF-16 units are wrong; 0 when something is missing here."),
  path: z.string().optional().describe("The property within a document, such as `triage.rules.2.score`."),
  suggestion: z.string().optional().describe("What was probably meant."),
});

export type Diagnostic = z.output<typeof diagnostic>;

/**
 * The body of every answer that is not a success: a problem of RFC 9457 (`application/problem+json`) with Metron's
 * fault code and advice. A mistake in a text (a query, an expression, a document) has its place.
 */
export const problem = z.object({
  type: z.string().describe("A reference to the fault's entry in the reference of errors."),
  title: z.string().describe("The fault in general, the same for every occurrence."),
  status: z.int().describe("The HTTP status."),
  detail: z.string().describe("What was being done, to what, and what went wrong."),
  code: z.string().describe("The fault's code, such as `QUERY_INVALID`."),
  advice: z.string().describe("What to do about it."),
  line: z.int().optional().describe("Line of the mistake, from 1."),
  column: z.int().optional().describe("Column of the mistake, from 1."),
  length: z.int().optional().describe("How many UTF-16 units are wrong."),
  suggestion: z.string().optional().describe("What was probably meant."),
  accepted: z
    .int()
    .min(0)
    .optional()
    .describe(
      "How many records of a stream are durable all the same; whoever sends it again leaves them out.",
    ),
  diagnostics: z.array(diagnostic).optional().describe("Every mistake, when the text may have several."),
});

export type Problem = z.output<typeof problem>;
