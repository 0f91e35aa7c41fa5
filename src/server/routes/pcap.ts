import type { FastifyInstance } from "fastify";
import type { PacketQuestion } from "../../api/packet-selection.ts";
import type { PacketQueryState } from "../../api/packets.ts";
import {
  type PcapStatus,
  pcapConfig,
  pcapFixed,
  pcapJobs,
  pcapKill,
  pcapPdml,
  pcapQuery,
  pcapRaw,
  pcapStatus,
} from "../../api/pcap.ts";
import type { Actor } from "../../core/actor.ts";
import { Fault } from "../../core/fault.ts";
import type { Platform } from "../../platform/platform.ts";
import { implement } from "../implement.ts";
import { sendFile } from "../send-file.ts";

/** Packets of a page, as in the original (`pcap.page.size`). */
const PAGE = 10;
const LIMIT = 1_000_000;

/** The original's calls for packets, over the same queries. */
export function pcapRoutes(app: FastifyInstance, platform: Platform): void {
  const { inspection, context } = platform;
  const { queries } = inspection;

  const start = (request: Times, filter: PacketQuestion["filter"], actor: Actor): PcapStatus => {
    const { startTimeMs = 0, endTimeMs = context.clock.now() } = request;
    // The original's end is included, and its times are whole milliseconds.
    const question = { from: startTimeMs, to: endTimeMs + 1, filter, limit: LIMIT };
    const original = { ...request, startTimeMs, endTimeMs };
    return statusOf(inspection.start(question, question, actor, original));
  };
  implement(app, pcapFixed, ({ actor, body }) =>
    start(
      body,
      {
        fixed: {
          ip_src_addr: body.ipSrcAddr || undefined,
          ip_dst_addr: body.ipDstAddr || undefined,
          ip_src_port: portOf("ipSrcPort", body.ipSrcPort),
          ip_dst_port: portOf("ipDstPort", body.ipDstPort),
          protocol: body.protocol === null || body.protocol === "" ? undefined : body.protocol,
          includes_reverse_traffic: String(body.includeReverse ?? false).toLowerCase() === "true",
          packet_filter: body.packetFilter || undefined,
        },
      },
      actor,
    ),
  );
  implement(app, pcapQuery, ({ actor, body }) => start(body, { stellar: body.query }, actor));
  implement(app, pcapJobs, ({ actor, query }) =>
    queries
      .list(actor, false)
      .map(statusOf)
      .filter(({ jobStatus }) => jobStatus === query.state),
  );
  implement(app, pcapStatus, ({ actor, params }) => statusOf(queries.get(params.jobId, actor)));
  implement(app, pcapConfig, ({ actor, params }) => {
    const { original, asked } = queries.record(params.jobId, actor);
    return { ...(original ?? asked) };
  });
  implement(app, pcapKill, async ({ actor, params }) => statusOf(await queries.stop(params.jobId, actor)));

  /** The packets of a page, from 0. Throws Fault NOT_FOUND. */
  const rangeOf = (id: string, number: number, actor: Actor): { from: number; to: number } => {
    const { pageTotal } = statusOf(queries.get(id, actor));
    if (number > pageTotal)
      throw new Fault("NOT_FOUND", `reading page ${number} of job ${id}: it has ${pageTotal}`);
    return { from: (number - 1) * PAGE, to: number * PAGE };
  };
  implement(app, pcapPdml, async ({ actor, params, query, signal, reply }) => {
    const range = rangeOf(params.jobId, query.page, actor);
    const json = await inspection.pdml(params.jobId, range, actor, signal);
    // It is JSON already: made and read by a thread, as it may be long.
    reply.type("application/json; charset=utf-8");
    reply.send(Buffer.from(json.buffer, json.byteOffset, json.byteLength));
    return undefined;
  });
  implement(app, pcapRaw, async ({ actor, params, query, reply }) => {
    const range = rangeOf(params.jobId, query.page, actor);
    const bytes = await inspection.page(params.jobId, { format: "pcap", ...range }, actor);
    const name = query.fileName ?? `pcap_${params.jobId}_${query.page}.pcap`;
    sendFile(reply, { name, type: pcapRaw.file.types[0], bytes });
    return undefined;
  });
}

type Times = { readonly startTimeMs?: number | undefined; readonly endTimeMs?: number | undefined };

const STATES = {
  waiting: "SUBMITTED",
  running: "RUNNING",
  finished: "SUCCEEDED",
  stopped: "KILLED",
  failed: "FAILED",
} as const satisfies Record<PacketQueryState["state"], PcapStatus["jobStatus"]>;

function statusOf({ id, state, packets, progress, error, summary }: PacketQueryState): PcapStatus {
  const isDone = state === "finished";
  const part = progress.bytes === 0 ? 0 : Math.min(1, progress.done / progress.bytes);
  return {
    jobId: id,
    jobStatus: STATES[state],
    description:
      error ??
      (isDone && packets === 0 ? "No results in specified date range." : `${packets} packets of ${summary}`),
    percentComplete: isDone ? 100 : Math.floor(part * 1000) / 10,
    pageTotal: isDone ? Math.ceil(packets / PAGE) : 0,
  };
}

/** Ports are whole numbers in text or as they are. */
function portOf(name: string, port: string | number | null | undefined): number | undefined {
  if (port === null || port === undefined || port === "") return undefined;
  const number = Number(port);
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new Fault(
      "REQUEST_INVALID",
      `reading \`${name}\`: ${JSON.stringify(port)} is no port; ports are whole numbers from 0 to 65535`,
    );
  return number;
}
