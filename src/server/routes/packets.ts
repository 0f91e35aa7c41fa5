import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { PacketQuestion } from "../../api/packet-selection.ts";
import {
  getPacketQuery,
  getPacketState,
  listPacketAccess,
  listPacketFields,
  listPacketQueries,
  messagePackets,
  preservePackets,
  releasePackets,
  removePacketQuery,
  startPacketQuery,
  stopPacketQuery,
} from "../../api/packets.ts";
import type { Actor } from "../../core/actor.ts";
import { Fault } from "../../core/fault.ts";
import { packetHostOf } from "../../platform/packet-state.ts";
import { packetsOfMessage } from "../../platform/packets/message-packets.ts";
import { PACKET_FIELDS } from "../../platform/packets/question/fields.ts";
import type { Platform } from "../../platform/platform.ts";
import { implement } from "../implement.ts";
import { readMessage } from "./messages.ts";

/** Asking for packets, and the state of what is stored. */
export function packetRoutes(app: FastifyInstance, platform: Platform): void {
  const { inspection, context } = platform;
  const { queries, store, access } = inspection;

  implement(app, startPacketQuery, async ({ actor, body, signal }) => {
    const question = await withMessage(platform, body, actor, signal);
    return inspection.start(body, question, actor);
  });
  implement(app, listPacketQueries, ({ actor, query }) => ({
    queries: queries.list(actor, query.everyone),
  }));
  implement(app, getPacketQuery, ({ actor, params }) => queries.get(params.id, actor));
  implement(app, stopPacketQuery, ({ actor, params }) => queries.stop(params.id, actor));
  implement(app, removePacketQuery, async ({ actor, params }) => {
    await queries.remove(params.id, actor);
    return { removed: true } as const;
  });
  implement(app, messagePackets, ({ actor, params, signal }) =>
    packetsOf(platform, params.guid, actor, signal),
  );
  implement(app, listPacketFields, () => ({
    fields: [...PACKET_FIELDS.values()].map(({ name, type, about }) => ({ name, type, about })),
  }));
  implement(app, listPacketAccess, ({ query }) => ({ entries: access.latest(query.size) }));

  implement(app, getPacketState, () => {
    const { oldest, newest, limit, days, packets: count, bytes, indexBytes, segments } = store.state();
    return {
      ...{ packets: count, bytes, indexBytes, segments, limitBytes: limit },
      ...(oldest === undefined ? {} : { oldest: oldest / 1000 }),
      ...(newest === undefined ? {} : { newest: newest / 1000 }),
      ...(days === undefined ? {} : { daysThatFit: days }),
      preserved: inspection.preserved().map((range) => inMillis(range)),
      queries: queries.state(),
      hosts: inspection.hosts().map(packetHostOf),
    };
  });
  implement(app, preservePackets, async ({ actor, body }) => {
    const { from, to, reason } = body;
    if (to < from)
      throw new Fault(
        "REQUEST_INVALID",
        "keeping packets: the time ends before it begins; exchange `from` and `to`",
      );
    const range = { id: randomUUID(), reason, by: actor.name, at: context.clock.now() };
    const micros = { from: Math.floor(from * 1000), to: Math.ceil(to * 1000) };
    await inspection.preserve({ ...range, ...micros });
    return { ...range, from, to };
  });
  implement(app, releasePackets, async ({ actor, params }) => {
    await inspection.release(params.id, actor);
    return { removed: true } as const;
  });
}

function inMillis<Range extends { readonly from: number; readonly to: number }>(range: Range): Range {
  return { ...range, from: range.from / 1000, to: range.to / 1000 };
}

async function packetsOf(platform: Platform, guid: string, actor: Actor, signal?: AbortSignal) {
  const message = await readMessage(platform, guid, actor, signal);
  const { oldest } = platform.packets.state();
  return packetsOfMessage(message, {
    parser: platform.parserOf(String(message["source.type"])),
    oldest: oldest === undefined ? undefined : oldest / 1000,
  });
}

/** A question with what finds a message's packets in place of the message; its own times hold where it has some. */
async function withMessage(
  platform: Platform,
  asked: PacketQuestion,
  actor: Actor,
  signal: AbortSignal,
): Promise<PacketQuestion> {
  const { message, ...filter } = asked.filter;
  if (message === undefined) return asked;
  const { question, notes } = await packetsOf(platform, message, actor, signal);
  if (question === undefined)
    throw new Fault("QUERY_INVALID", `looking for the packets of message ${message}: ${notes.join("; ")}`);
  if (filter.fixed !== undefined && question.filter.fixed !== undefined)
    throw new Fault(
      "REQUEST_INVALID",
      "looking for the packets of a message: `fixed` cannot be given beside `message`; use `search`",
    );
  const searches = [filter.search ?? "", question.filter.search ?? ""].filter((text) => text.trim() !== "");
  return {
    ...{ from: question.from, to: question.to },
    ...asked,
    filter: {
      ...filter,
      ...question.filter,
      ...(searches.length === 0 ? {} : { search: searches.map((text) => `(${text})`).join(" AND ") }),
    },
  };
}
