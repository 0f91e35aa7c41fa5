import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";

/**
 * The calls of the original for packets, as its clients make them: the same names, bodies and states over the queries of `packets.ts`. What
 * does not apply here (paths, reducers) is taken and has no effect.
 */

const count = z.int().min(0);

const job = {
  basePath: z.string().max(1000).optional().describe("Has no effect here."),
  baseInterimResultPath: z.string().max(1000).optional().describe("Has no effect here."),
  finalOutputPath: z.string().max(1000).optional().describe("Has no effect here."),
  startTimeMs: z.number().optional().describe("Earliest time, included; 0 when left out."),
  endTimeMs: z.number().optional().describe("Latest time, included; now when left out."),
  numReducers: z.int().optional().describe("Has no effect here."),
};

const numberOrText = z
  .union([z.string().max(100), z.number()])
  .nullable()
  .optional();

const fixedRequest = z.object({
  ...job,
  ipSrcAddr: z.string().max(100).nullable().optional().describe("Source address or network."),
  ipDstAddr: z.string().max(100).nullable().optional().describe("Destination address or network."),
  ipSrcPort: numberOrText.describe("Port of the source."),
  ipDstPort: numberOrText.describe("Port of the destination."),
  protocol: numberOrText.describe("IP protocol, by number or name."),
  packetFilter: z.string().max(20_000).nullable().optional().describe("A pattern of bytes (byteseek)."),
  includeReverse: z
    .union([z.boolean(), z.string()])
    .nullable()
    .optional()
    .describe("Whether the other direction is found too."),
});

const queryRequest = z.object({
  ...job,
  query: z.string().max(20_000).default("").describe("A Stellar predicate over the fields of packets."),
});

const JOB_STATES = [
  "NOT_RUNNING",
  "RUNNING",
  "SUCCEEDED",
  "FINALIZING",
  "FAILED",
  "KILLED",
  "SUBMITTED",
] as const;

const status = z.object({
  jobId: z.string().describe("The id."),
  jobStatus: z.enum(JOB_STATES).describe("The state."),
  description: z.string().describe("What is going on."),
  percentComplete: z.number().describe("How far it is, 0 to 100."),
  pageTotal: count.describe("Pages of the result, once it succeeded."),
});

export type PcapStatus = z.output<typeof status>;

const params = z.strictObject({ jobId: z.string().min(1).max(100).describe("The id of the job.") });
const page = z.coerce.number().int().min(1).describe("The page, from 1.");

export const pcapFixed = defineEndpoint({
  method: "POST",
  path: "/pcap/fixed",
  summary: "Begins a job of the original with a fixed filter.",
  role: "analyst",
  packets: "metadata",
  body: fixedRequest,
  response: status,
});

export const pcapQuery = defineEndpoint({
  method: "POST",
  path: "/pcap/query",
  summary: "Begins a job of the original with a Stellar filter.",
  role: "analyst",
  packets: "payload",
  body: queryRequest,
  response: status,
});

export const pcapJobs = defineEndpoint({
  method: "GET",
  path: "/pcap",
  summary: "Lists the jobs of who asks that are in a state of the original.",
  role: "analyst",
  packets: "metadata",
  query: z.object({ state: z.enum(JOB_STATES).describe("The state.") }),
  response: z.array(status),
});

export const pcapStatus = defineEndpoint({
  method: "GET",
  path: "/pcap/:jobId",
  summary: "Tells the state of a job as the original does.",
  role: "analyst",
  packets: "metadata",
  params,
  response: status,
});

export const pcapPdml = defineEndpoint({
  method: "GET",
  path: "/pcap/:jobId/pdml",
  summary: "Reads a page of packets as the tree that tshark makes of them, where tshark is installed.",
  role: "analyst",
  packets: "payload",
  params,
  query: z.object({ page }),
  response: z
    .record(z.string(), z.unknown())
    .describe("PDML as JSON: `packets` with `protos` with `fields`."),
});

export const pcapRaw = defineEndpoint({
  method: "GET",
  path: "/pcap/:jobId/raw",
  summary: "Downloads a page of packets as a pcap file.",
  role: "analyst",
  packets: "download",
  params,
  query: z.object({ page, fileName: z.string().max(200).optional().describe("Name of the file.") }),
  response: z.undefined(),
  file: { types: ["application/octet-stream"], about: "A pcap file of ten packets at most." },
});

export const pcapConfig = defineEndpoint({
  method: "GET",
  path: "/pcap/:jobId/config",
  summary: "Tells what a job was asked, under the original's names.",
  role: "analyst",
  packets: "metadata",
  params,
  response: z.record(z.string(), z.unknown()).describe("The request of the job."),
});

export const pcapKill = defineEndpoint({
  method: "DELETE",
  path: "/pcap/kill/:jobId",
  summary: "Stops a job as the original does.",
  role: "analyst",
  packets: "metadata",
  params,
  response: status,
});
