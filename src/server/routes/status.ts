import { statfs } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
import { getRebuild, startRebuild, stopRebuild } from "../../api/rebuild.ts";
import { listSensors } from "../../api/sensors.ts";
import { getStatus, type PlatformStatus } from "../../api/status.ts";
import { Fault } from "../../core/fault.ts";
import { ERROR_SENSOR } from "../../pipeline/errors.ts";
import type { Platform } from "../../platform/platform.ts";
import { implement } from "../implement.ts";
import { partialOf } from "../partial.ts";

async function diskOf(folder: string): Promise<Pick<PlatformStatus, "disk">> {
  try {
    const { bsize, blocks, bavail } = await statfs(folder);
    return { disk: { size: bsize * blocks, free: bsize * bavail } };
  } catch {
    // Some network file systems do not say; a status without it is better than none.
    return {};
  }
}

export function statusRoutes(app: FastifyInstance, platform: Platform): void {
  implement(app, listSensors, async () => ({
    sensors: [...(await platform.sensorStates())],
    ...partialOf(platform.index.problems()),
  }));
  implement(app, startRebuild, async ({ actor, body }) => {
    const { sensor } = body;
    const known = sensor === undefined ? [] : await platform.searchedSensors();
    if (sensor !== undefined && sensor !== ERROR_SENSOR && !known.includes(sensor))
      throw new Fault(
        "SENSOR_UNKNOWN",
        `rebuilding the index of sensor \`${sensor}\`: there is no such sensor; there are: ${known.join(", ")}`,
      );
    return platform.rebuild.start(body, actor);
  });
  implement(app, getRebuild, () => platform.rebuild.state);
  implement(app, stopRebuild, ({ actor }) => platform.rebuild.stop(actor));
  implement(app, getStatus, async () => ({
    ...(await platform.status()),
    listening: platform.addresses(),
    ...(await diskOf(platform.data)),
  }));
  app.get("/metrics", async (_request, reply) => {
    return reply.type("text/plain; version=0.0.4; charset=utf-8").send(await platform.metricsText());
  });
}
