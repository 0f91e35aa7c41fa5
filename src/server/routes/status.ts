import type { FastifyInstance } from "fastify";
import { getRebuild, startRebuild, stopRebuild } from "../../api/rebuild.ts";
import { listSensors } from "../../api/sensors.ts";
import { getStatus } from "../../api/status.ts";
import { Fault } from "../../core/fault.ts";
import { ERROR_SENSOR } from "../../pipeline/errors.ts";
import { diskOf } from "../../platform/disk.ts";
import type { Platform } from "../../platform/platform.ts";
import { sensorsSeenBy } from "../../query/scope.ts";
import { implement } from "../implement.ts";
import { partialOf } from "../partial.ts";

export function statusRoutes(app: FastifyInstance, platform: Platform): void {
  implement(app, listSensors, async ({ actor }) => {
    const isSeen = sensorsSeenBy(actor);
    const [sensors, asOf] = await Promise.all([platform.sensorStates(), platform.storedAsOf()]);
    return {
      sensors: sensors.filter(({ name }) => isSeen(name)),
      ...(asOf === undefined ? {} : { asOf }),
      ...partialOf(platform.index.problems().filter(({ sensor }) => sensor === undefined || isSeen(sensor))),
    };
  });
  implement(app, startRebuild, async ({ actor, body }) => {
    const { sensor } = body;
    if (sensor === undefined && actor.scope !== undefined)
      throw new Fault(
        "REQUEST_INVALID",
        "rebuilding the index: it would make messages of every sensor again, and you see some only; name the sensor",
      );
    const known = sensor === undefined ? [] : await platform.searchedSensors(actor);
    const isKnown = (name: string) =>
      (name === ERROR_SENSOR && sensorsSeenBy(actor)(name)) || known.includes(name);
    if (sensor !== undefined && !isKnown(sensor))
      throw new Fault(
        "SENSOR_UNKNOWN",
        `rebuilding the index of sensor \`${sensor}\`: there is no such sensor; there are: ${known.join(", ")}`,
      );
    return platform.rebuild.start(body, actor);
  });
  implement(app, getRebuild, () => platform.rebuild.state);
  implement(app, stopRebuild, ({ actor }) => platform.rebuild.stop(actor));
  implement(app, getStatus, async () => {
    const disk = await diskOf(platform.data);
    return {
      ...(await platform.status()),
      listening: platform.addresses(),
      ...(disk === undefined ? {} : { disk }),
    };
  });
  app.get("/metrics", async (_request, reply) => {
    return reply.type("text/plain; version=0.0.4; charset=utf-8").send(await platform.metricsText());
  });
}
