import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";
import { diagnostic } from "./problem.ts";

const kind = z.enum(["sensor", "global", "functions", "profiles"]).describe("What kind of document it is.");
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
  .describe(
    "The document's name: of a sensor document, the sensor; of the global document, `global`; of the document of profiles, `profiles`.",
  );

const params = z.strictObject({ kind, name });

const documentHead = z.object({
  kind,
  name,
  version: z.int().min(1).describe("The version, counted from 1 for each document."),
  author: z.string().describe("Who published it."),
  at: z.number().describe("When it was published, milliseconds since 1970."),
  note: z.string().describe("What the author said about it; may be empty."),
});

export type DocumentHead = z.output<typeof documentHead>;

const warnings = z
  .array(diagnostic.extend({ document: z.string().describe("The document: `global` or `sensor/NAME`.") }))
  .optional()
  .describe(
    "Credentials in plain text: where they are and what to write instead; absent when there are none.",
  );

const notInForce = z
  .array(
    z.object({
      process: z.string().describe("The process, by its machine and its data folder."),
      reason: z.string().describe("Why not: what is missing there, or since when it is silent."),
    }),
  )
  .optional()
  .describe("Other processes in which it is not in force two seconds later; absent when there are none.");

const documentFull = documentHead.extend({
  text: z
    .string()
    .describe("The document, as YAML; with credentials in plain text hidden for who may not publish."),
});

const text = z.string().max(1_000_000).describe("The document, as YAML.");
const note = z.string().max(500).default("").describe("What changes and why, for the history.");
const base = z
  .int()
  .min(0)
  .optional()
  .describe(
    "The version the change was made from; when it is no longer current the answer is 409. 0 means: must be new.",
  );

export const listDocuments = defineEndpoint({
  method: "GET",
  path: "/config/documents",
  summary: "Lists the configuration documents in force.",
  role: "analyst",
  query: z.strictObject({
    kind: kind
      .optional()
      .describe("Only those of this kind; documents of functions are listed when asked for."),
  }),
  response: z.object({ documents: z.array(documentHead).describe("Current versions, by kind and name.") }),
});

export const publishDocuments = defineEndpoint({
  method: "PUT",
  path: "/config/documents",
  summary: "Publishes several documents at once: all of them or, if one is wrong, none.",
  role: "engineer",
  body: z.strictObject({
    documents: z
      .array(
        z.strictObject({ kind, name, text: text.nullable().describe("The YAML; null withdraws it."), base }),
      )
      .min(1)
      .max(1000)
      .describe("The documents to publish."),
    note,
  }),
  response: z.object({
    documents: z.array(documentHead).describe("The versions now in force."),
    warnings,
    notInForce,
  }),
});

export const getDocument = defineEndpoint({
  method: "GET",
  path: "/config/documents/:kind/:name",
  summary: "Reads a document, the current version or an earlier one.",
  role: "analyst",
  params,
  query: z.strictObject({
    version: z.coerce.number().int().min(1).optional().describe("An earlier version."),
  }),
  response: documentFull,
});

export const publishDocument = defineEndpoint({
  method: "PUT",
  path: "/config/documents/:kind/:name",
  summary: "Publishes a new version of a document; it is in force at the next batch.",
  role: "engineer",
  params,
  body: z.strictObject({ text, note, base }),
  response: documentHead.extend({ warnings, notInForce }),
});

export const withdrawDocument = defineEndpoint({
  method: "DELETE",
  path: "/config/documents/:kind/:name",
  summary: "Withdraws a document; its history stays.",
  role: "engineer",
  params,
  response: z.object({ withdrawn: z.literal(true), notInForce }),
});

export const documentHistory = defineEndpoint({
  method: "GET",
  path: "/config/documents/:kind/:name/history",
  summary: "Lists the versions of a document, the newest first.",
  role: "analyst",
  params,
  response: z.object({
    versions: z
      .array(documentHead.extend({ withdrawn: z.boolean().optional().describe("This version withdrew it.") }))
      .describe("Every version."),
  }),
});

export const documentDiff = defineEndpoint({
  method: "GET",
  path: "/config/documents/:kind/:name/diff",
  summary: "Shows what changed between two versions of a document.",
  role: "analyst",
  params,
  query: z.strictObject({
    from: z.coerce.number().int().min(0).describe("The older version; 0 is the empty document."),
    to: z.coerce.number().int().min(1).describe("The newer version."),
  }),
  response: z.object({
    lines: z
      .array(
        z.object({
          change: z.enum(["same", "added", "removed"]).describe("What happened to the line."),
          text: z.string().describe("The line, without its end; with credentials in plain text hidden."),
        }),
      )
      .describe("The lines of both versions, in order."),
  }),
});

export const rollbackDocument = defineEndpoint({
  method: "POST",
  path: "/config/documents/:kind/:name/rollback",
  summary: "Publishes an earlier version again, as a new version.",
  role: "engineer",
  params,
  body: z.strictObject({ version: z.int().min(1).describe("The version to return to."), note }),
  response: documentHead.extend({ warnings, notInForce }),
});

const expressionPlace = z.object({
  from: z.int().min(0).describe("Where its text begins, in UTF-16 units from the beginning of the document."),
  to: z.int().min(0).describe("Where its text ends."),
});

export type ExpressionPlace = z.output<typeof expressionPlace>;

export const checkDocument = defineEndpoint({
  method: "POST",
  path: "/config/check",
  summary: "Says what is wrong with a document, without publishing it.",
  role: "analyst",
  body: z.strictObject({ kind, name, text }),
  response: z.object({
    diagnostics: z.array(diagnostic).describe("Mistakes and warnings; empty: it may be published."),
    expressions: z
      .array(expressionPlace)
      .optional()
      .describe(
        "Where Stellar expressions stand in a sensor document; absent while it cannot be read as one.",
      ),
  }),
});
