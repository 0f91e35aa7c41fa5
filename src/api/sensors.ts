import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";
import { partial } from "./search.ts";

const count = z.number().min(0);

/** A `latency` of so many milliseconds means so many or more: longer ones are not told apart. */
export const LONGEST_LATENCY = 60_000;

export const storedAsOf = z
  .number()
  .nullable()
  .optional()
  .describe(
    "When what is stored was counted, in epoch milliseconds, where the index does not answer now; null: never yet. Left out when it is now.",
  );

const sensorState = z.object({
  name: z.string().describe("The sensor's name, the `source.type` of its messages."),
  parser: z.string().describe("The parser that reads its records."),
  state: z
    .enum(["running", "idle", "paused", "failing"])
    .describe("Idle: configured and healthy, but nothing came in the last minute."),
  detail: z.string().optional().describe("Why it is failing, in one sentence."),
  note: z.string().optional().describe("What is worth knowing although it runs, in one sentence."),
  received: count.describe("Records received since the platform started."),
  indexed: count.describe("Messages written to the index since the platform started."),
  rejected: count.describe("Records rejected since the platform started."),
  dropped: count.describe(
    "Records lost since the platform started: they came over UDP faster than they could be stored, or were deleted from a topic of others before they were read.",
  ),
  alerts: count.describe("Messages among them that are alerts."),
  timeless: z
    .object({
      messages: count.describe("How many since the platform started."),
      since: z.number().describe("When the first of them arrived."),
    })
    .optional()
    .describe(
      "Messages without a time of their own, whose `timestamp` is their arrival; left out while there are none.",
    ),
  stored: count.describe("Messages in the index now."),
  unreadable: count
    .optional()
    .describe("Messages stored besides that cannot be read now; `partial` of the answer says why."),
  receivedPerSecond: z.number().describe("Records per second, mean of the last ten seconds."),
  indexedPerSecond: z.number().describe("Messages per second, mean of the last ten seconds."),
  rejectedPerSecond: z.number().describe("Rejections per second, mean of the last ten seconds."),
  lag: count.describe("Records accepted but not yet indexed."),
  latency: z
    .number()
    .nullable()
    .describe(
      `Milliseconds from arrival to searchable, median; ${LONGEST_LATENCY} means so much or more; null before any.`,
    ),
  lastSeen: z.number().nullable().describe("When its last record arrived; null before any."),
  recent: z
    .array(z.number())
    .optional()
    .describe("Messages per second of the last minute, one number per second, oldest first."),
});

export type SensorState = z.output<typeof sensorState>;

export const listSensors = defineEndpoint({
  method: "GET",
  path: "/sensors",
  summary: "Lists the sensors with their rates, lag and rejections.",
  role: "analyst",
  response: z.object({
    sensors: z.array(sensorState).describe("Every configured sensor, sorted by name."),
    asOf: storedAsOf,
    partial,
  }),
});
