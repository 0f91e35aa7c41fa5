import type { FastifyInstance } from "fastify";
import { type LiveTick, liveUpdates, TICKS_PER_SECOND } from "../../api/live.ts";
import type { Platform } from "../../platform/platform.ts";
import { parse } from "../../query/parse.ts";
import { sensorsSeenBy } from "../../query/scope.ts";
import { openEvents } from "../events.ts";
import { implement } from "../implement.ts";

export function liveRoutes(app: FastifyInstance, platform: Platform): void {
  implement(app, liveUpdates, ({ actor, query, reply, signal }) => {
    // The query is parsed so that a mistake is told at once, not by a stream that never says anything.
    parse(query.query);
    const isSeen = sensorsSeenBy(actor);
    const ending = AbortSignal.any([signal, platform.context.signal]);
    const send = openEvents<LiveTick>(reply, "tick", ending);
    const start = platform.activity(isSeen);
    let sent = -1;
    const tick = () => {
      const now = platform.activity(isSeen);
      const indexed = now.indexed - start.indexed;
      if (indexed === sent) return;
      sent = indexed;
      const data: LiveTick = { indexed, latest: now.latest, indexedPerSecond: now.perSecond };
      // Ticks carry totals, so when one is left out a later one says all.
      send(data);
    };
    tick();
    const ticks = setInterval(tick, 1000 / TICKS_PER_SECOND);
    ending.addEventListener("abort", () => clearInterval(ticks), { once: true });
    return undefined;
  });
}
