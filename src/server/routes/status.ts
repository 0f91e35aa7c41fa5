import type { FastifyInstance } from "fastify";
import { listSensors } from "../../api/sensors.ts";
import { getStatus } from "../../api/status.ts";
import type { Platform } from "../../pipeline/platform.ts";
import { implement } from "../implement.ts";

export function statusRoutes(app: FastifyInstance, platform: Platform): void {
  implement(app, listSensors, async () => ({ sensors: [...(await platform.sensorStates())] }));
  implement(app, getStatus, async () => ({
    ...(await platform.status()),
    listening: platform.addresses(),
  }));
  app.get("/metrics", async (_request, reply) => {
    return reply.type("text/plain; version=0.0.4; charset=utf-8").send(await platform.metricsText());
  });
}
