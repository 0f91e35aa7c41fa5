import type { FastifyInstance } from "fastify";
import { type LiveTick, liveUpdates, TICKS_PER_SECOND } from "../../api/live.ts";
import type { Platform } from "../../platform/platform.ts";
import { parse } from "../../query/parse.ts";
import { sensorsSeenBy } from "../../query/scope.ts";
import { implement } from "../implement.ts";

const HEARTBEAT = 15_000;

export function liveRoutes(app: FastifyInstance, platform: Platform): void {
  implement(app, liveUpdates, ({ actor, query, reply, signal }) => {
    // The query is parsed so that a mistake is told at once, not by a stream that never says anything.
    parse(query.query);
    const isSeen = sensorsSeenBy(actor);
    reply.hijack();
    const { raw } = reply;
    const headers = reply.getHeaders() as Record<string, string>;
    raw.writeHead(200, {
      ...headers,
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });

    const start = platform.activity(isSeen);
    let sent = -1;
    const tick = () => {
      const now = platform.activity(isSeen);
      const indexed = now.indexed - start.indexed;
      if (indexed === sent) return;
      sent = indexed;
      const data: LiveTick = { indexed, latest: now.latest, indexedPerSecond: now.perSecond };
      // A client that does not read is not written to: ticks carry totals, so a later one says all.
      if (raw.writableLength < 65_536) raw.write(`event: tick\ndata: ${JSON.stringify(data)}\n\n`);
    };
    tick();
    const ticks = setInterval(tick, 1000 / TICKS_PER_SECOND);
    const beats = setInterval(() => raw.write(": still here\n\n"), HEARTBEAT);
    const end = () => {
      clearInterval(ticks);
      clearInterval(beats);
      raw.end();
    };
    signal.addEventListener("abort", end, { once: true });
    platform.context.signal.addEventListener("abort", end, { once: true });
    return undefined;
  });
}
