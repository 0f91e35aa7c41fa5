import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";
import { packetQuestion, packetRequest } from "./packet-selection.ts";
import { time } from "./selection.ts";

/**
 * Queries for packets: asked once, answered bit by bit, kept until they expire. What they found is read by the calls of `packet-reading.ts`
 * and `conversations.ts`, also while they run.
 */

const count = z.int().min(0);

export const queryParams = z.strictObject({
  id: z.string().min(1).max(100).describe("The query's id."),
});

const problems = z
  .array(z.string())
  .describe("What could not be read, was left out or cut, a sentence each; mostly empty.");

const packetExport = z.object({
  by: z.string().describe("Who took it."),
  at: time.describe("When it was complete."),
  what: z.string().describe("What was taken: the format, and the conversation or file if not all."),
  bytes: count.describe("Bytes of the file."),
  packets: count.optional().describe("Packets in it."),
  sha256: z.string().describe("SHA-256 of the file, as lower-case hex."),
});

export const packetQuery = z.object({
  id: z.string().describe("Its id."),
  by: z.string().describe("Who asked."),
  at: time.describe("When."),
  asked: packetQuestion.describe("What was asked, with what was left out filled in."),
  summary: z.string().describe("What was asked, in a line."),
  state: z
    .enum(["waiting", "running", "finished", "stopped", "failed"])
    .describe(
      "Waiting: for a place. Stopped: by somebody. What was found by then can be read in every state. After a restart of the platform a query that had not ended begins again.",
    ),
  endedAt: time.optional().describe("When it ended."),
  expiresAt: time.optional().describe("When it and what it found are removed; absent while it runs."),
  packets: count.describe("Packets found so far."),
  bytes: count.describe("Bytes of these packets, as captured."),
  first: time.optional().describe("Time of the earliest packet found."),
  last: time.optional().describe("Time of the latest packet found."),
  progress: z
    .object({
      bytes: count.describe("Bytes of the store that are of the time asked for, as far as is known."),
      done: count.describe("How many of them were read, or ruled out by the index."),
    })
    .describe("How far it is."),
  isCut: z
    .boolean()
    .describe(
      "Whether it ended before all was read: its limit of packets, or the room for results, is full.",
    ),
  problems,
  error: z.string().optional().describe("Why it failed."),
  exports: z.array(packetExport).describe("What was taken away of it, the latest first."),
});

export type PacketQueryState = z.output<typeof packetQuery>;

export const startPacketQuery = defineEndpoint({
  method: "POST",
  path: "/packets/queries",
  summary:
    "Begins to look for packets; several queries run at once, and what each finds can be read at once.",
  role: "analyst",
  // Looking into payload needs the permission for it: what is found says what is in it.
  packets: "metadata",
  body: packetRequest,
  response: packetQuery,
});

export const listPacketQueries = defineEndpoint({
  method: "GET",
  path: "/packets/queries",
  summary: "Lists queries for packets, the latest first.",
  role: "analyst",
  packets: "metadata",
  query: z.strictObject({
    everyone: z.stringbool().default(false).describe("Those of everybody, and not only those of who asks."),
  }),
  response: z.object({ queries: z.array(packetQuery).describe("The queries that are kept.") }),
});

export const getPacketQuery = defineEndpoint({
  method: "GET",
  path: "/packets/queries/:id",
  summary: "Tells how far a query for packets is.",
  role: "analyst",
  packets: "metadata",
  params: queryParams,
  response: packetQuery,
});

export const stopPacketQuery = defineEndpoint({
  method: "POST",
  path: "/packets/queries/:id/stop",
  summary: "Stops a query for packets; what it found stays.",
  role: "analyst",
  packets: "metadata",
  params: queryParams,
  response: packetQuery,
});

export const removePacketQuery = defineEndpoint({
  method: "DELETE",
  path: "/packets/queries/:id",
  summary: "Stops a query for packets if it runs, and removes what it found.",
  role: "analyst",
  packets: "metadata",
  params: queryParams,
  response: z.object({ removed: z.literal(true).describe("It is gone.") }),
});

export const messagePackets = defineEndpoint({
  method: "GET",
  path: "/messages/:guid/packets",
  summary: "Tells which query finds the packets that a message is about, without asking it.",
  role: "analyst",
  packets: "metadata",
  params: z.strictObject({ guid: z.string().min(1).max(200).describe("The message's guid.") }),
  response: z.object({
    question: packetQuestion
      .optional()
      .describe("What to send to `POST /packets/queries`; absent when the message names no addresses."),
    by: z
      .enum(["community-id", "tuple", "addresses", "nothing"])
      .describe("What the message has to find its packets by."),
    notes: z
      .array(z.string())
      .describe("What to know of it: how wide the time is and why, what of it is no longer stored."),
  }),
});

export const listPacketFields = defineEndpoint({
  method: "GET",
  path: "/packets/fields",
  summary: "Lists the fields by which packets are searched.",
  role: "analyst",
  packets: "metadata",
  response: z.object({
    fields: z
      .array(
        z.object({
          name: z.string().describe("The name, as a search has it."),
          type: z.enum(["address", "number", "text", "word", "time"]).describe("What its values are."),
          about: z.string().describe("What it is, in a sentence."),
        }),
      )
      .describe("The fields."),
  }),
});

const preserved = z.object({
  id: z.string().describe("Its id."),
  from: time.describe("Earliest time that is kept."),
  to: time.describe("Latest time that is kept."),
  reason: z.string().describe("Why."),
  by: z.string().describe("Who asked for it."),
  at: time.describe("When."),
});

/** How many packets are stored, how far back they reach, and how much room they have: of one process, or of all together. */
const stored = {
  packets: count.describe("Packets stored, those of the segments that are being written left out."),
  bytes: count.describe("Bytes on disk, indices included."),
  limitBytes: count.describe("Bytes at which the oldest packets go."),
  oldest: time.optional().describe("Time of the oldest packet; absent while there are none."),
  newest: time.optional().describe("Time of the newest packet."),
  daysThatFit: z
    .number()
    .optional()
    .describe("How many days fit at the rate of what is stored; absent while too little is."),
} as const;

export const packetHost = z.object({
  name: z.string().describe("The process: its machine and its data folder."),
  isSelf: z.boolean().describe("Whether it is the one that answers."),
  ...stored,
  problem: z
    .string()
    .optional()
    .describe("Why its packets are missing in answers, with since when; absent while they are not."),
});

export type PacketHost = z.output<typeof packetHost>;

export const getPacketState = defineEndpoint({
  method: "GET",
  path: "/packets/state",
  summary: "Tells what packets are stored, how far back they reach, and what is wrong.",
  role: "analyst",
  packets: "metadata",
  response: z.object({
    ...stored,
    indexBytes: count.describe("Bytes of indices."),
    segments: count.describe("Files of packets."),
    preserved: z.array(preserved).describe("Times whose packets stay whatever their age and number."),
    queries: z
      .object({
        running: count.describe("Queries that run."),
        waiting: count.describe("Queries that wait for a place."),
        bytes: count.describe("Bytes of what queries found."),
        limitBytes: count.describe("Bytes at which the results that expire first go, and then queries end."),
        perPerson: count.describe("How many queries of one person run or wait at the same time."),
      })
      .describe("What is asked of them."),
    hosts: z
      .array(packetHost)
      .describe("The processes that have packets, by name; empty where there is this one alone."),
  }),
});

export const preservePackets = defineEndpoint({
  method: "POST",
  path: "/packets/preserved",
  summary: "Keeps the packets of a time, whatever their age and number.",
  role: "engineer",
  packets: "metadata",
  body: z.strictObject({
    from: time.describe("Earliest time, included."),
    to: time.describe("Latest time, included."),
    reason: z.string().trim().min(1).max(1000).describe("Why they are kept."),
  }),
  response: preserved,
});

export const releasePackets = defineEndpoint({
  method: "DELETE",
  path: "/packets/preserved/:id",
  summary: "Lets packets go again that were kept whatever their age.",
  role: "engineer",
  packets: "metadata",
  params: z.strictObject({ id: z.string().min(1).max(100).describe("The id of the preserved time.") }),
  response: z.object({
    removed: z.literal(true).describe("It is gone; the packets stay until they are the oldest."),
  }),
});

const packetAccess = z.object({
  at: time.describe("When."),
  by: z.string().describe("Who."),
  query: z.string().describe("The query it was found by."),
  summary: z.string().describe("What the query asked."),
  what: z.string().describe("What was read or taken: a packet, a conversation, a file, an export."),
});

export type PacketAccess = z.output<typeof packetAccess>;

export const listPacketAccess = defineEndpoint({
  method: "GET",
  path: "/packets/access",
  summary: "Lists who read payload and who took packets or files away, the latest first.",
  role: "admin",
  packets: "metadata",
  query: z.strictObject({
    size: z.coerce.number().int().min(1).max(10_000).default(1000).describe("Entries wanted."),
  }),
  response: z.object({ entries: z.array(packetAccess).describe("The entries.") }),
});
