import type { FastifyInstance } from "fastify";
import { getMessage, patchMessage } from "../../api/messages.ts";
import { replayRejections } from "../../api/replay.ts";
import { Fault } from "../../core/fault.ts";
import type { Platform } from "../../pipeline/platform.ts";
import { implement } from "../implement.ts";

export function messageRoutes(app: FastifyInstance, platform: Platform): void {
  const { index } = platform;

  implement(app, replayRejections, async ({ body }) => {
    const done = await platform.replay(body);
    // A sensor's name that is mistyped must not look like a sensor with nothing to replay.
    if (body.sensor !== undefined && done.replayed + done.incomplete + done.unknown === 0) {
      const sensors = await platform.searchedSensors();
      if (!sensors.includes(body.sensor))
        throw new Fault(
          "SENSOR_UNKNOWN",
          `replaying records of sensor \`${body.sensor}\`: there is no such sensor; there are: ${sensors.join(", ")}`,
        );
    }
    return done;
  });

  implement(app, getMessage, async ({ params, signal }) => {
    const [message] = await index.get([params.guid], signal);
    if (message === undefined) {
      const lacks =
        index.problems().length > 0 ? ", or it is in a part of the index that cannot be read" : "";
      throw new Fault("NOT_FOUND", `reading message ${params.guid}: there is none with this guid${lacks}`);
    }
    return { message };
  });

  implement(app, patchMessage, async ({ params, body }) => {
    const fixed = ["guid", "timestamp", "source.type"].filter((field) => field in body.fields);
    if (fixed.length > 0)
      throw new Fault(
        "REQUEST_INVALID",
        `changing message ${params.guid}: ${fixed.join(", ")} cannot be changed`,
      );
    const entries = Object.entries(body.fields);
    const set = Object.fromEntries(entries.filter(([, value]) => value !== null));
    const remove = entries.filter(([, value]) => value === null).map(([field]) => field);
    return { message: await index.patch(params.guid, { set, remove }) };
  });
}
