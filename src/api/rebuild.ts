import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";
import { time } from "./selection.ts";

const count = z.int().min(0);

const rebuildState = z.object({
  state: z
    .enum(["idle", "running", "finished", "failed", "stopped"])
    .describe("Idle: none was asked for since the start. Failed or stopped: the index is as it was."),
  phase: z
    .enum(["settling", "files", "records", "finishing"])
    .optional()
    .describe(
      "What it does: waits until the index has caught up, reads files, reads records of topics, ends.",
    ),
  startedAt: time.optional().describe("When it began."),
  startedBy: z.string().optional().describe("Who asked for it."),
  endedAt: time.optional().describe("When it ended."),
  files: count.optional().describe("Files taken in; while they are read, all there are."),
  filesDone: count.optional().describe("Files read so far."),
  records: count.optional().describe("Records of topics read so far."),
  total: count.optional().describe("Records that topics reach to."),
  adopted: count.optional().describe("Messages of files taken in as they are."),
  written: count.optional().describe("Messages made again of records, or copied from files."),
  salvaged: count
    .optional()
    .describe("Messages among them that were read of files damaged elsewhere: a value may be wrong."),
  lost: z
    .array(
      z.object({
        sensor: z.string().describe("The sensor."),
        from: time.describe("Time of the first message of what the files held."),
        to: time.describe("Time of the last one."),
        messages: count.describe("How many are found nowhere any more."),
        at: time.describe("When this was found."),
      }),
    )
    .optional()
    .describe("What neither a topic nor a file holds, by range of time."),
  unknown: z
    .array(z.string())
    .optional()
    .describe("Damaged files of which nobody knows how many messages they held."),
  warnings: z.array(z.string()).optional().describe("What was done otherwise than asked."),
  error: z.string().optional().describe("Why it failed."),
});

export type RebuildState = z.output<typeof rebuildState>;

export const startRebuild = defineEndpoint({
  method: "POST",
  path: "/index/rebuild",
  summary:
    "Begins to make damaged or lost parts of the index again, from files and topics; messages keep their guids.",
  role: "admin",
  body: z.strictObject({
    sensor: z.string().min(1).max(100).optional().describe("Only messages of this sensor; absent means all."),
    from: z.number().optional().describe("Only files with messages at or after this time."),
    to: z.number().optional().describe("Only files with messages before this time."),
    withCurrent: z
      .boolean()
      .default(false)
      .describe(
        "Make messages again also where they can be read, as far as topics reach, by the documents in force now.",
      ),
    forgetLost: z.boolean().default(false).describe("Take the notices of lost messages away."),
  }),
  response: rebuildState,
});

export const getRebuild = defineEndpoint({
  method: "GET",
  path: "/index/rebuild",
  summary: "Tells how far the rebuild of the index is, or how the last one ended.",
  role: "analyst",
  response: rebuildState,
});

export const stopRebuild = defineEndpoint({
  method: "DELETE",
  path: "/index/rebuild",
  summary: "Stops the rebuild of the index; everything is as it was before.",
  role: "admin",
  response: rebuildState,
});
