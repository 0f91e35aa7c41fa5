import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyReply } from "fastify";
import { uploadCapture } from "../../api/captures.ts";
import { getUpload, ingestRecords } from "../../api/ingest.ts";
import { findIndicators, listIndicators, listIntel, loadIntel, removeIndicator } from "../../api/intel.ts";
import { Fault } from "../../core/fault.ts";
import type { Platform } from "../../platform/platform.ts";
import { implement } from "../implement.ts";

/** The sensor that flows of uploaded captures belong to. */
const PCAP_SENSOR = "pcap";

/** How long a stopping server waits until senders have read what it took, milliseconds. */
const LAST_WORDS = 5000;

/**
 * Ends streams before the server closes their connections, so that each sender learns how much of its stream was taken.
 * `await` names an answer to wait for.
 */
function stopsWith(app: FastifyInstance): { signal: AbortSignal; await(reply: FastifyReply): void } {
  const stop = new AbortController();
  const open = new Set<Socket>();
  app.addHook("preClose", async () => {
    const closed = Promise.all([...open].map((socket) => new Promise((done) => socket.once("close", done))));
    stop.abort(new Fault("SERVER_UNREACHABLE", "taking records: the platform is stopping"));
    await Promise.race([closed, sleep(LAST_WORDS, undefined, { ref: false })]);
  });
  return {
    signal: stop.signal,
    await({ raw }) {
      const { socket } = raw;
      if (socket === null) return;
      open.add(socket);
      raw.once("close", () => open.delete(socket));
    },
  };
}

/** Records and indicators come as streams: they are read as fast as they can be made durable, and no faster. */
export function intakeRoutes(main: FastifyInstance, platform: Platform): void {
  // In a scope of its own, a body is handed over unread whatever its media type says, JSON too.
  main.register(async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    app.addContentTypeParser(/^multipart\//, (_request, _payload, done) => done(formRefused()));
    routes(app, platform);
  });
}

/** The parts of a form have headers and borders around them, which would be taken for what is sent. */
function formRefused(): Fault {
  return new Fault("MEDIA_UNSUPPORTED", "reading the request: it is a form of several parts", {
    advice: "Send the file itself as the body: `curl --data-binary @FILE` in place of `curl -F file=@FILE`.",
  });
}

function routes(app: FastifyInstance, platform: Platform): void {
  const stopping = stopsWith(app);
  implement(app, ingestRecords, ({ actor, params, query, request, reply, signal }) => {
    stopping.await(reply);
    // A request that is given up with its iterator takes the connection along, and the answer.
    const body = request.raw.iterator({ destroyOnReturn: false });
    return platform.ingestStream(params.sensor, body, {
      actor,
      upload: query.upload,
      skip: query.from === undefined ? undefined : query.from - 1,
      signal: AbortSignal.any([signal, stopping.signal]),
      contentType: request.headers["content-type"],
      contentEncoding: request.headers["content-encoding"],
    });
  });

  implement(app, getUpload, async ({ actor, params }) => {
    const found = platform.upload(params.name, actor);
    if (found === undefined)
      throw new Fault(
        "NOT_FOUND",
        `looking for the upload \`${params.name}\`: none of this name is remembered`,
      );
    return { ...found };
  });

  implement(app, uploadCapture, async ({ actor, query, request, reply }) => {
    stopping.await(reply);
    const length = Number(request.headers["content-length"]);
    const { skip, ...choice } = query;
    const running = platform.captures.take(PCAP_SENSOR, {
      ...choice,
      after: { base: skip, packets: skip, records: 0 },
      input: { kind: "stream", bytes: request.raw.iterator({ destroyOnReturn: false }) },
      ...(length > 0 && { size: length }),
      by: actor.name,
    });
    const stop = () => running.stop();
    stopping.signal.addEventListener("abort", stop);
    try {
      await running.done;
      return running.state();
    } finally {
      stopping.signal.removeEventListener("abort", stop);
    }
  });

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
