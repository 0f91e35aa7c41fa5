import type { FastifyInstance } from "fastify";
import {
  downloadObject,
  downloadSide,
  getConversation,
  getHttp,
  getObject,
  getTiming,
  listConversations,
  listObjects,
} from "../../api/conversations.ts";
import { exportPackets, getPacket, listPackets } from "../../api/packet-reading.ts";
import type { Platform } from "../../platform/platform.ts";
import { implement } from "../implement.ts";
import { sendFile, sendMade } from "../send-file.ts";

/** Bytes of a file that are shown. */
const SHOWN = 65_536;

/** Reading what queries for packets found, and taking it away. */
export function packetReadingRoutes(app: FastifyInstance, platform: Platform): void {
  const { inspection, context } = platform;

  implement(app, listPackets, async ({ actor, params: { id }, query, signal }) => {
    const ask = { ...query, now: context.clock.now() };
    const page = await inspection.read("rows", id, ask, actor, signal);
    return { ...page, query: inspection.queries.get(id, actor) };
  });
  implement(app, getPacket, ({ actor, params: { id, number }, signal }) =>
    inspection.read("packet", id, { number }, actor, signal),
  );
  implement(app, exportPackets, async ({ actor, params: { id }, query, signal, reply }) => {
    const { name, chunks, sha256 } = await inspection.take(id, query, actor, signal);
    const [pcapng, pcap] = exportPackets.file.types;
    sendMade(reply, { name, type: query.format === "pcap" ? pcap : pcapng, chunks, sha256 });
    return undefined;
  });

  implement(app, listConversations, async ({ actor, params: { id }, query, signal }) => ({
    ...(await inspection.read("streams", id, query, actor, signal)),
    isPartial: inspection.isPartial(id, actor),
  }));
  implement(app, getConversation, async ({ actor, params: { id, stream }, query, signal }) => ({
    ...(await inspection.read("stream", id, { stream, ...query }, actor, signal)),
    isPartial: inspection.isPartial(id, actor),
  }));
  implement(app, getHttp, async ({ actor, params: { id, stream }, query, signal }) => ({
    ...(await inspection.read("http", id, { stream, ...query }, actor, signal)),
    isPartial: inspection.isPartial(id, actor),
  }));
  implement(app, getTiming, ({ actor, params: { id, stream }, query: { buckets }, signal }) =>
    inspection.read("timing", id, { stream, buckets }, actor, signal),
  );
  implement(app, downloadSide, async ({ actor, params: { id, stream }, query: { side }, signal, reply }) => {
    const { bytes, missing, sha256 } = await inspection.takeSide(id, { stream, side }, actor, signal);
    reply.headers({ "x-missing-bytes": missing, "x-sha256": sha256 });
    sendFile(reply, { name: `conversation-${stream}-${side}.bin`, type: downloadSide.file.types[0], bytes });
    return undefined;
  });

  implement(app, listObjects, async ({ actor, params: { id }, query: { after, size, stream }, signal }) => {
    const found = await inspection.read("objects", id, { after, size, stream }, actor, signal);
    return {
      ...found,
      objects: found.objects.map(inspection.withKnown),
      isPartial: inspection.isPartial(id, actor),
    };
  });
  implement(app, getObject, async ({ actor, params: { id, number }, signal }) => {
    const { shown, bytes } = await inspection.read("object", id, { number, most: SHOWN }, actor, signal);
    return {
      object: inspection.withKnown(shown),
      bytes: Buffer.from(bytes).toString("base64"),
      isCut: bytes.length < shown.size,
    };
  });
  implement(app, downloadObject, async ({ actor, params: { id, number }, body, signal, reply }) => {
    const { name, zip } = await inspection.takeObject(id, number, body.password, actor, signal);
    sendFile(reply, { name: `${name}.zip`, type: downloadObject.file.types[0], bytes: zip });
    return undefined;
  });
}
