import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";
import { packetDirection } from "./packet-reading.ts";
import { queryParams } from "./packets.ts";
import { time } from "./selection.ts";

/**
 * What the packets of a query say when they are put together: conversations, what both sides said, the files that went along, and when.
 * These calls put together what was found so far; while a query runs, `isPartial` says that more may come.
 */

const count = z.int().min(0);
const side = z.enum(["client", "server"]);
const isPartial = z.boolean().describe("Whether the query still runs, so that more may come.");
const leftOut = z
  .array(z.string())
  .describe(
    "What was not put together and why, a sentence each: a limit of memory, fragments that miss others.",
  );
const after = z.coerce.number().int().min(0).default(0).describe("Go on behind this number.");
const size = (most: number, usual: number) =>
  z.coerce.number().int().min(1).max(most).default(usual).describe("How many are wanted.");
const next = count.optional().describe("What `after` is for the next page; absent on the last one.");
const streamParams = queryParams.extend({
  stream: z.coerce.number().int().min(1).describe("The number of the conversation in the result, from 1."),
});

const endpoint = z.object({
  address: z.string().describe("The address."),
  port: count.describe("The port."),
});

const sideTotals = z.object({
  packets: count.describe("Packets it sent."),
  bytes: count.describe("Bytes it said that were captured."),
  missing: count.describe("Bytes it said that were not."),
  repeated: count.describe("Bytes that were captured more than once."),
});

const conversation = z.object({
  number: z.int().min(1).describe("Its number in the result."),
  protocol: z.enum(["tcp", "udp"]).describe("How they spoke."),
  application: z
    .string()
    .optional()
    .describe("What they spoke, as far as the bytes tell: `http`, `tls`, `dns`."),
  client: endpoint.describe("Who began."),
  server: endpoint.describe("Who was spoken to."),
  communityId: z
    .string()
    .describe("The Community ID, by which alerts and logs of the same conversation are found."),
  first: time.describe("Time of its first packet."),
  last: time.describe("Time of its last packet."),
  clientTotals: sideTotals.describe("What the client said, in numbers."),
  serverTotals: sideTotals.describe("What the server said, in numbers."),
  begins: z.boolean().describe("Whether its beginning was captured (of UDP, always)."),
  ends: z.boolean().describe("Whether its end was captured: both ended, or one reset it."),
  counts: z
    .record(z.string(), count)
    .describe(
      "How often what happened beside: `retransmission`, `out-of-order`, `zero-window`, `reset`, `conflict`.",
    ),
});

export type ConversationSummary = z.output<typeof conversation>;

export const listConversations = defineEndpoint({
  method: "GET",
  path: "/packets/queries/:id/streams",
  summary: "Lists the conversations among the packets that were found, in the order in which they began.",
  role: "analyst",
  packets: "metadata",
  params: queryParams,
  query: z.strictObject({ after, size: size(1000, 200) }),
  response: z.object({
    streams: z.array(conversation).describe("The conversations of this page."),
    total: count.describe("How many there are."),
    next,
    isPartial,
    leftOut,
  }),
});

const conflict = z.object({
  position: count.describe("Where the first byte that differs is in what the side said."),
  kept: z.string().describe("The bytes that are shown, in base64."),
  other: z.string().describe("The bytes that came too, in base64."),
  because: z.string().describe("What decided: the policy, or that the receiver had the first copy already."),
  keptPacket: count.describe("The packet that is shown."),
  otherPacket: count.describe("The packet that is not."),
});

const chunk = z.object({
  number: z.int().min(1).describe("Its number in the conversation."),
  kind: z
    .enum(["bytes", "gap", "reset", "datagram"])
    .describe("Gap: bytes are missing. Reset: what a reset carried, no part of what was said."),
  side: side.describe("Who said it."),
  time: time.describe("When it was captured; of a gap, when it was noticed."),
  packet: count.describe("The number of the packet that brought it, or told of the gap."),
  position: count.describe("Its first byte, counted in what its side said."),
  length: count.describe("How many bytes."),
  bytes: z.string().optional().describe("The bytes, in base64; absent for a gap."),
  reason: z
    .enum(["lost", "before", "cut", "limit"])
    .optional()
    .describe(
      "Why bytes are missing: not captured, before the capture, cut off by it, or more than fit into memory.",
    ),
  conflicts: z.array(conflict).optional().describe("Bytes that came twice and differed."),
});

const mark = z.object({
  kind: z
    .string()
    .describe("What happened: `syn`, `fin`, `reset`, `retransmission`, `zero-window` and others."),
  side: side.describe("Who did it."),
  time: time.describe("When."),
  packet: count.describe("The packet."),
  position: count.describe("The first byte it is about."),
  length: count.describe("How many bytes it is about."),
});

const marksLeftOut = count.describe("How many more marks there are, which are not listed.");

export const getConversation = defineEndpoint({
  method: "GET",
  path: "/packets/queries/:id/streams/:stream",
  summary:
    "Reads what both sides of a conversation said, in true order, with gaps and conflicts where they are.",
  role: "analyst",
  packets: "payload",
  params: streamParams,
  query: z.strictObject({
    after,
    size: size(1000, 200),
    direction: packetDirection.default("both").describe("Both sides, or one alone."),
  }),
  response: z.object({
    stream: conversation.describe("The conversation."),
    chunks: z.array(chunk).describe("What was said; a page ends after about a megabyte."),
    marks: z
      .array(mark)
      .describe(
        "What TCP did beside, from the time of the first chunk of the page to that of the next page: the first thousand of it.",
      ),
    marksLeftOut,
    next,
    isPartial,
    leftOut,
  }),
});

const httpBody = z.object({
  length: count.describe("Bytes as they were sent."),
  isComplete: z.boolean().describe("Whether all of it was captured."),
  decoded: z.string().describe("The body without its encodings, in base64: its beginning when it is long."),
  isCut: z.boolean().describe("Whether `decoded` is only the beginning."),
  steps: z.array(z.string()).describe("What was taken off, the outermost first: `chunked`, `gzip`."),
});

const httpMessage = z.object({
  line: z.string().describe("The request or status line."),
  time: time.describe("When its first byte was captured."),
  packet: count.describe("The packet of its first byte."),
  start: count.describe("Its first byte, counted in what its side said."),
  headers: z
    .array(z.object({ name: z.string().describe("The name."), value: z.string().describe("The value.") }))
    .describe("Its headers, and trailers behind them."),
  body: httpBody.optional().describe("What it carries."),
  notes: z.array(z.string()).describe("What is wrong or strange."),
});

export const getHttp = defineEndpoint({
  method: "GET",
  path: "/packets/queries/:id/streams/:stream/http",
  summary: "Reads a conversation as requests and responses of HTTP/1, with their bodies decoded.",
  role: "analyst",
  packets: "payload",
  params: streamParams,
  query: z.strictObject({ after, size: size(100, 20) }),
  response: z.object({
    exchanges: z
      .array(
        z.object({
          number: z.int().min(1).describe("Its number in the conversation."),
          request: httpMessage.optional().describe("What was asked; absent when it was not captured."),
          response: httpMessage.optional().describe("What was answered; absent when it was not captured."),
        }),
      )
      .describe("The exchanges, in order; none when they do not speak HTTP/1."),
    total: count.describe("How many there are, those that are left out included."),
    next,
    isPartial,
    leftOut: z.array(z.string()).describe("Why fewer are read than there are, a sentence each."),
  }),
});

export const downloadSide = defineEndpoint({
  method: "GET",
  path: "/packets/queries/:id/streams/:stream/bytes",
  summary:
    "Downloads what one side of a conversation said; missing bytes are left out, and how many is told.",
  role: "analyst",
  packets: "download",
  params: streamParams,
  query: z.strictObject({ side: side.describe("Whose words.") }),
  response: z.undefined(),
  file: {
    types: ["application/octet-stream"],
    about:
      "The bytes. The header `x-missing-bytes` tells how many are missing, and `x-sha256` their SHA-256.",
  },
});

const sequenceStep = z.object({
  time: time.describe("When."),
  packet: count.describe("The packet."),
  sent: count.describe("How far the side was: bytes from its first one on."),
  acknowledged: count.describe("How many of them the other side had acknowledged."),
  limit: count
    .optional()
    .describe(
      "Up to where the other side took bytes; absent where the handshake, which says how windows are scaled, was not captured.",
    ),
});

const sequences = z.object({
  client: z.array(sequenceStep).describe("The bytes of the client."),
  server: z.array(sequenceStep).describe("The bytes of the server."),
  leftOut: count.describe("Packets without a header of TCP that can be read: cut off, or in fragments."),
});

const timing = z.object({
  stream: z.int().min(1).describe("The conversation."),
  handshake: z
    .object({
      toServer: z.number().optional().describe("Milliseconds from the SYN to the answer of the server."),
      toClient: z.number().optional().describe("Milliseconds from that answer to the acknowledgement."),
    })
    .optional()
    .describe("The handshake of TCP; absent where it was not captured."),
  firstByte: z
    .number()
    .optional()
    .describe("Milliseconds from the first byte of the client to the first of the server."),
  marks: z
    .array(mark)
    .describe("Retransmissions, zero windows and resets, in order of time; the first thousand."),
  marksLeftOut,
  interval: z.number().describe("Width of a bucket in milliseconds; 0 when all happened at once."),
  buckets: z
    .array(
      z.object({
        from: time.describe("Its beginning."),
        client: count.describe("Bytes the client said in it."),
        server: count.describe("Bytes the server said in it."),
      }),
    )
    .describe("Bytes over time; empty buckets are left out."),
  sequences: sequences
    .optional()
    .describe(
      "How far each side was, what was acknowledged, and the window, step by step; at most ten steps per bucket. Absent for UDP.",
    ),
});

export const getTiming = defineEndpoint({
  method: "GET",
  path: "/packets/queries/:id/streams/:stream/timing",
  summary: "Tells when a conversation happened: handshake, waiting, retransmissions, bytes over time.",
  role: "analyst",
  packets: "metadata",
  params: streamParams,
  query: z.strictObject({
    buckets: z.coerce.number().int().min(1).max(1000).default(100).describe("Buckets wanted."),
  }),
  response: timing,
});

const object = z.object({
  number: z.int().min(1).describe("Its number in the result."),
  stream: z.int().min(1).describe("The conversation it was in."),
  protocol: z.enum(["http", "smtp", "ftp", "smb"]).describe("What carried it."),
  name: z.string().describe("Its name, as the other side says: data, never a path."),
  origin: z.string().describe("What it was in or asked for by: the URL, the mail, the share."),
  side: side.describe("Who sent it."),
  time: time.describe("When it began."),
  packet: count.describe("The packet of its first byte."),
  declaredType: z.string().optional().describe("What it says it is."),
  magicType: z.string().optional().describe("What its first bytes say it is."),
  size: count.describe("Bytes that are there."),
  missing: count.describe("Bytes that are missing, as far as is known."),
  isComplete: z.boolean().describe("Whether it is whole, as far as its protocol tells."),
  md5: z.string().describe("Of the bytes that are there, as lower-case hex."),
  sha1: z.string().describe("As above."),
  sha256: z.string().describe("As above."),
  known: z
    .array(
      z.object({
        type: z.string().describe("The type of the indicator."),
        indicator: z.string().describe("The hash that is known."),
      }),
    )
    .describe("Entries of threat intelligence for one of its hashes."),
  notes: z.array(z.string()).describe("What is wrong or strange."),
});

export type FoundObject = z.output<typeof object>;

const objectParams = queryParams.extend({
  number: z.coerce.number().int().min(1).describe("The number of the file in the result."),
});

export const listObjects = defineEndpoint({
  method: "GET",
  path: "/packets/queries/:id/objects",
  summary: "Lists the files that went through the conversations that were found, with type and hashes.",
  role: "analyst",
  packets: "metadata",
  params: queryParams,
  query: z.strictObject({
    after,
    size: size(1000, 200),
    stream: z.coerce.number().int().min(1).optional().describe("Only those of this conversation."),
  }),
  response: z.object({
    objects: z.array(object).describe("The files, by conversation and time."),
    total: count.describe("How many there are."),
    next,
    isPartial,
    leftOut,
  }),
});

export const getObject = defineEndpoint({
  method: "GET",
  path: "/packets/queries/:id/objects/:number",
  summary: "Reads the beginning of a file that went through a conversation, to be shown and never run.",
  role: "analyst",
  packets: "payload",
  params: objectParams,
  response: z.object({
    object: object.describe("The file."),
    bytes: z.string().describe("Its first bytes, at most 65,536, in base64."),
    isCut: z.boolean().describe("Whether there are more."),
  }),
});

export const downloadObject = defineEndpoint({
  method: "POST",
  path: "/packets/queries/:id/objects/:number/download",
  summary:
    "Downloads a file that went through a conversation, in an encrypted zip so that nothing opens it by mistake.",
  role: "analyst",
  packets: "download",
  params: objectParams,
  body: z.strictObject({
    password: z
      .string()
      .min(1)
      .max(200)
      .describe("The password of the zip; `infected` is what many tools expect."),
  }),
  response: z.undefined(),
  file: { types: ["application/zip"], about: "A zip with the one file, encrypted with AES-256." },
});
