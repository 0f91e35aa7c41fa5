import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";
import { time } from "./selection.ts";

/**
 * Captures that were uploaded, are read from files, or come of interfaces: how far each is, and what became of it. All of it says that packets
 * were there, when and how many, so it needs that permission.
 */

/** Captures that are listed after they have ended; earlier ones are forgotten, and their packets stay. */
export const CAPTURES_KEPT = 200;

const count = z.int().min(0);

export const captureState = z.object({
  id: z.string().describe("Its id."),
  name: z.string().describe("What it is called: a file, an interface."),
  kind: z.enum(["upload", "file", "topic", "interface"]).describe("Where its packets come from."),
  by: z.string().describe("Who or what brings it."),
  state: z
    .enum(["running", "waiting", "finished", "damaged", "incomplete", "stopped", "failed", "interrupted"])
    .describe(
      "Waiting: for an interface, or for room. Damaged: finished, with problems; what could be read of it is stored. Incomplete: the input broke off; what came before is stored. Stopped: by somebody. Failed: it was no capture, or could not be stored. Interrupted: the platform ended meanwhile.",
    ),
  error: z
    .string()
    .optional()
    .describe("Why it waits, is damaged, incomplete, stopped, failed or was interrupted."),
  startedAt: time.describe("When it began."),
  endedAt: time.optional().describe("When it ended."),
  size: count.optional().describe("Bytes of the input, where that is known."),
  read: count.describe("Bytes of the input that were read."),
  format: z.string().optional().describe("pcap, pcapng or sequence file; gzip or zstd when it is packed."),
  interfaces: z
    .array(z.string())
    .describe("Where packets were captured, and the kind of link; the first 16."),
  packets: count.describe("Packets that were read."),
  bytes: count.describe("Bytes of these packets, as captured."),
  stored: count.describe("Packets that are stored durably."),
  filter: z
    .string()
    .optional()
    .describe("Only packets that pass it are stored, in tcpdump's language; absent where all are."),
  snapLength: count.optional().describe("Bytes of each packet that are kept; absent where all are."),
  cutoff: count
    .optional()
    .describe("Bytes of payload that are kept of each flow and direction; absent where all are."),
  packetsOnly: z
    .literal(true)
    .optional()
    .describe("Only packets are stored, and no records of their flows made."),
  flows: count.describe("Flows that were found in them; none are looked for where only packets are stored."),
  records: count.describe(
    "Records of flows that were delivered durably to the sensor `pcap`, or the sensor of the source.",
  ),
  first: time.optional().describe("Time of the earliest packet."),
  last: time.optional().describe("Time of the latest packet."),
  dropped: count.describe("Packets lost because they came faster than they could be taken or stored."),
  filtered: count.describe("Packets that did not pass the filter, and are not stored."),
  shortened: count.describe("Bytes of packets that were left out by snap length and cutoff."),
  unreadable: count.describe("Packets that are in the capture and could not be read."),
  problems: z
    .array(
      z.object({
        at: count.describe("The byte of the capture."),
        text: z.string().describe("What is wrong."),
      }),
    )
    .describe("What is wrong with the capture, the first problems."),
  problemCount: count.describe("How many problems there are."),
  notes: z
    .array(z.string())
    .describe("What else is worth knowing: what was skipped, dropped or left out, a sentence each."),
});

export type CaptureState = z.output<typeof captureState>;

const captureParams = z.strictObject({ id: z.string().min(1).max(100).describe("The id of the capture.") });

export const uploadCapture = defineEndpoint({
  method: "POST",
  path: "/captures",
  summary:
    "Takes a capture of packets as a stream (pcap, pcapng or sequence file; gzip and zstd too); answers when its packets are stored and the records of its flows are on disk.",
  role: "engineer",
  packets: "metadata",
  query: z.strictObject({
    name: z
      .string()
      .min(1)
      .max(300)
      .default("upload")
      .describe("What the capture is called, such as the name of its file."),
    filter: z
      .string()
      .max(20_000)
      .optional()
      .describe("Only packets that pass this filter, in tcpdump's language; absent means all."),
    snapLength: z.coerce
      .number()
      .int()
      .min(14)
      .optional()
      .describe("Bytes of each packet that are kept; absent means all."),
    skip: z.coerce
      .number()
      .int()
      .min(0)
      .default(0)
      .describe("Packets at the beginning that are left out, because they were sent before."),
    cutoff: z.coerce
      .number()
      .int()
      .min(0)
      .optional()
      .describe("Bytes of payload that are kept of each flow and direction; absent means all."),
    packetsOnly: z
      .stringbool()
      .default(false)
      .describe(
        "Whether only packets are stored, and no records of their flows made: for where Zeek or the like tells of the same packets.",
      ),
  }),
  body: {
    types: [
      "application/vnd.tcpdump.pcap",
      "application/x-pcapng",
      "application/octet-stream",
      "application/gzip",
      "application/zstd",
    ],
    about:
      "The capture. One that is cut off in the middle is taken as far as it came. Records of its flows go to the sensor `pcap`.",
  },
  response: captureState,
});

export const listCaptures = defineEndpoint({
  method: "GET",
  path: "/captures",
  summary: "Lists captures that are being taken and those taken lately, the latest first.",
  role: "analyst",
  packets: "metadata",
  response: z.object({ captures: z.array(captureState).describe("The captures.") }),
});

export const getCapture = defineEndpoint({
  method: "GET",
  path: "/captures/:id",
  summary: "Tells how far a capture is, or what became of it.",
  role: "analyst",
  packets: "metadata",
  params: captureParams,
  response: captureState,
});

export const captureUpdates = defineEndpoint({
  method: "GET",
  path: "/captures/updates",
  summary: "Pushes the state of each capture that changed (Server-Sent Events, event `capture`).",
  role: "analyst",
  packets: "metadata",
  response: captureState,
  events: true,
});

export const stopCapture = defineEndpoint({
  method: "DELETE",
  path: "/captures/:id",
  summary:
    "Ends a capture that is being taken, and what was read of it stays; removes one that ended from the list.",
  role: "engineer",
  packets: "metadata",
  params: captureParams,
  response: captureState,
});
