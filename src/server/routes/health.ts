import type { FastifyInstance } from "fastify";
import { getLiveness, getReadiness } from "../../api/health.ts";
import type { Platform } from "../../platform/platform.ts";
import { implement } from "../implement.ts";

const UNAVAILABLE = 503;

export function healthRoutes(app: FastifyInstance, platform: Platform): void {
  implement(app, getLiveness, () => ({ live: true as const }));
  implement(app, getReadiness, ({ reply }) => {
    const readiness = platform.readiness();
    if (!readiness.ready) void reply.code(UNAVAILABLE);
    return readiness;
  });
}
