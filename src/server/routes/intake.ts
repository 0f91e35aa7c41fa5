import type { FastifyInstance } from "fastify";
import { ingestRecords } from "../../api/ingest.ts";
import { findIndicators, listIndicators, listIntel, loadIntel, removeIndicator } from "../../api/intel.ts";
import type { Platform } from "../../platform/platform.ts";
import { implement } from "../implement.ts";

/** Records and indicators come as streams: they are read as fast as they can be made durable, and no faster. */
export function intakeRoutes(main: FastifyInstance, platform: Platform): void {
  // In a scope of its own, a body is handed over unread whatever its media type says, JSON too.
  main.register(async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    routes(app, platform);
  });
}

function routes(app: FastifyInstance, platform: Platform): void {
  implement(app, ingestRecords, ({ actor, params, request, signal }) =>
    platform.ingestStream(params.sensor, request.raw, {
      actor,
      signal,
      contentType: request.headers["content-type"],
      contentEncoding: request.headers["content-encoding"],
    }),
  );

  implement(app, listIntel, async () => ({ lists: [...(await platform.intel.list())] }));

  implement(app, loadIntel, ({ actor, params, query, request, signal }) =>
    platform.intel.load({
      actor,
      type: params.type,
      column: query.column,
      separator: query.separator,
      meaning: query.as,
      replace: query.replace,
      input: request.raw,
      gzip: request.headers["content-encoding"] === "gzip",
      signal,
    }),
  );

  implement(app, findIndicators, ({ query }) => ({ found: platform.intel.find(query.value) }));

  implement(app, listIndicators, ({ params, query }) => ({
    indicators: platform.intel.page(params.type, query.after, query.size),
  }));

  implement(app, removeIndicator, async ({ actor, params, query }) => {
    await platform.intel.remove(params.type, query.value, actor);
    return { removed: true as const };
  });
}
