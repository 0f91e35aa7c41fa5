import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";

const count = z.int().min(0);

export const replayRejections = defineEndpoint({
  method: "POST",
  path: "/replay",
  summary:
    "Sends rejected records through their sensor again, after a fix; each error record is replayed once.",
  role: "engineer",
  body: z.strictObject({
    sensor: z.string().min(1).max(100).optional().describe("Only records of this sensor; absent means all."),
    query: z.string().max(20_000).default("").describe("Only error records that match this query."),
    from: z.number().optional().describe("Only records rejected at or after this time."),
    to: z.number().optional().describe("Only records rejected before this time."),
  }),
  response: z.object({
    replayed: count.describe("Error records whose record is durable in its sensor's topic again."),
    records: count.describe("Records sent; one record may have failed in several messages."),
    incomplete: count.describe("Error records that hold only the first part of a record too large to keep."),
    unknown: count.describe("Error records of sensors that are not there any more."),
  }),
});
