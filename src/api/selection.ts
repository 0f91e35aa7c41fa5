import { z } from "zod";

/** Milliseconds since 1970 in UTC. */
export const time = z.number().describe("Milliseconds since 1970 in UTC.");

/** A stored message: a flat object with Metron's field names. */
export const storedMessage = z
  .record(z.string(), z.unknown())
  .describe("A message: a flat object with Metron's field names, `guid` and `source.type` among them.");

export type StoredMessage = z.output<typeof storedMessage>;

/** Which messages a question is about: the same in every question, so that counts, charts and rows agree. */
export const selection = {
  query: z
    .string()
    .max(20_000)
    .default("")
    .describe("The query in Lucene's query-string syntax; empty means every message."),
  from: z.number().optional().describe("Earliest `timestamp`, included; absent means from the beginning."),
  to: z.number().optional().describe("Latest `timestamp`, excluded; absent means without end."),
  sensors: z
    .array(z.string())
    .optional()
    .describe("Only messages of these sensors; absent means all sensors but the error index."),
};
