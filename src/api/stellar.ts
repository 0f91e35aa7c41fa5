import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";
import { diagnostic } from "./problem.ts";
import { storedMessage } from "./selection.ts";

const expression = z.string().max(100_000).describe("The Stellar expression.");

export const checkStellar = defineEndpoint({
  method: "POST",
  path: "/stellar/check",
  summary: "Checks an expression: its type, or what is wrong with it and where.",
  role: "analyst",
  body: z.strictObject({
    expression,
    expects: z
      .enum(["boolean", "any"])
      .default("any")
      .describe("`boolean` for a rule: any other type is a mistake."),
  }),
  response: z.object({
    type: z.string().optional().describe("The type of its value, where it can be told."),
    diagnostics: z.array(diagnostic).describe("Mistakes and warnings."),
  }),
});

export const listFunctions = defineEndpoint({
  method: "GET",
  path: "/stellar/functions",
  summary: "Lists the functions that expressions may call, those of users among them, for completion.",
  role: "analyst",
  response: z.object({
    functions: z
      .array(
        z.object({
          name: z.string().describe("The function's name."),
          parameters: z.string().describe("Its parameters as a call lists them: `(input, prefix, more?)`."),
          summary: z.string().describe("What it does, in one sentence."),
        }),
      )
      .describe("Every function, by name."),
  }),
});

export const evaluateStellar = defineEndpoint({
  method: "POST",
  path: "/stellar/evaluate",
  summary: "Evaluates an expression over a message, with the functions and tables of the running platform.",
  role: "analyst",
  body: z.strictObject({
    expression,
    message: storedMessage.default({}).describe("The fields that the expression sees."),
  }),
  response: z.object({
    value: z.unknown().optional().describe("The value as JSON; absent when there is a mistake."),
    type: z.string().optional().describe("The type of the value."),
    diagnostics: z.array(diagnostic).describe("Mistakes and warnings."),
  }),
});
