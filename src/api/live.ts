import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";

/** The server sends at most this many ticks per second; a burst becomes one tick. */
export const TICKS_PER_SECOND = 4;

export const liveTick = z.object({
  indexed: z.int().min(0).describe("Messages indexed since the stream was opened, whatever they are."),
  matched: z
    .int()
    .min(0)
    .optional()
    .describe(
      "How many of them match the query and range of the request, when the server could tell cheaply.",
    ),
  latest: z.number().nullable().describe("The latest `timestamp` among the messages of this tick."),
  indexedPerSecond: z.number().describe("Messages per second, mean of the last ten seconds."),
});

export type LiveTick = z.output<typeof liveTick>;

/**
 * A tick says that there is something new, never what: rows come by `searchMessages`, so that they are sorted,
 * filtered and counted in one place only. A first tick follows the opening at once, then one whenever something was
 * indexed, and a comment line every 15 seconds keeps the connection.
 */
export const liveUpdates = defineEndpoint({
  method: "GET",
  path: "/live",
  summary: "Pushes a tick when messages were indexed (Server-Sent Events, event `tick`).",
  role: "analyst",
  query: z.strictObject({
    query: z.string().max(20_000).default("").describe("The query whose new matches are counted."),
    from: z.coerce.number().optional().describe("Earliest `timestamp`, included."),
    to: z.coerce.number().optional().describe("Latest `timestamp`, excluded."),
  }),
  response: liveTick,
  events: true,
});
