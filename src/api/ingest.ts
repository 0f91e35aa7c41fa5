import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";

export const ingestRecords = defineEndpoint({
  method: "POST",
  path: "/ingest/:sensor",
  summary: "Takes records of a sensor, lines or JSON, as a stream (gzip too); answers when they are on disk.",
  role: "engineer",
  params: z.strictObject({ sensor: z.string().min(1).max(100).describe("The sensor the records are from.") }),
  query: z.strictObject({
    from: z.coerce
      .number()
      .int()
      .min(1)
      .optional()
      .describe(
        "Number of the first record that is taken, counted from 1; those before it were taken earlier.",
      ),
    upload: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe(
        "A name of the sender's choice for this stream, under which `GET /uploads/:name` tells how far it was taken.",
      ),
  }),
  body: {
    types: [
      "application/x-ndjson",
      "application/json",
      "text/plain",
      "application/octet-stream",
      "application/x-www-form-urlencoded",
    ],
    about:
      "One record per line, in whatever format the sensor's parser reads. JSON may be a map, a list, or several of them, on lines or laid out: each map, and each element of a list, is a record.",
  },
  response: z.object({
    accepted: z.int().min(0).describe("Records that are durable now; parsing follows."),
    bytes: z.int().min(0).describe("Bytes of those records."),
    refused: z.int().min(0).describe("Records refused at once, because they are larger than the limit."),
    note: z.string().optional().describe("What is worth knowing, such as that the body held no records."),
  }),
});

export const getUpload = defineEndpoint({
  method: "GET",
  path: "/uploads/:name",
  summary:
    "Tells how many records of a stream are on disk, for a sender whose connection was lost. Known while the platform runs.",
  role: "engineer",
  params: z.strictObject({
    name: z.string().min(1).max(100).describe("The name that the sender gave the stream."),
  }),
  response: z.object({
    sensor: z.string().describe("The sensor the records are from."),
    accepted: z.int().min(0).describe("Records that are durable; those left out by `from` do not count."),
    refused: z.int().min(0).describe("Records refused, because they are larger than the limit."),
    isOver: z.boolean().describe("Whether these numbers are final: the stream has ended or broken off."),
  }),
});
