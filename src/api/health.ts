import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";

/** What service managers and load balancers ask: two calls without secrets, cheap enough for one each second. */

export const getLiveness = defineEndpoint({
  method: "GET",
  path: "/health/live",
  atRoot: true,
  summary: "Answers as long as the process serves requests; one that does not is to be started again.",
  role: "open",
  response: z.object({ live: z.literal(true).describe("It answers.") }),
});

export const getReadiness = defineEndpoint({
  method: "GET",
  path: "/health/ready",
  atRoot: true,
  summary:
    "Tells whether the configuration is in force, storage is open and records are taken; 503 with the reasons when not.",
  role: "open",
  response: z.object({
    ready: z.boolean().describe("Whether there is no reason against it."),
    reasons: z
      .array(
        z.object({
          code: z
            .string()
            .describe("The fault's code; `STARTING` until workers have taken the documents over."),
          detail: z.string().describe("What is not ready."),
          advice: z.string().describe("What to do about it."),
        }),
      )
      .describe("Why it is not ready; empty when it is."),
  }),
});

export type Readiness = ReturnType<(typeof getReadiness)["response"]["parse"]>;
