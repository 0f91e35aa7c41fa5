import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import fastifyStatic from "@fastify/static";
import Fastify from "fastify";
import { API_BASE } from "../api/endpoint.ts";
import { readGlobal } from "../config/global.ts";
import { Fault } from "../core/fault.ts";
import { isLoopback, withoutGuard } from "../core/loopback.ts";
import { messageToJson } from "../core/message.ts";
import type { Platform } from "../platform/platform.ts";
import { actorAt, guard } from "./guard.ts";
import type { ActorOf } from "./implement.ts";
import { LIMITS, type Limits, limitBodies, limitConnections } from "./limits.ts";
import { answerProblem, answerProblems, problemOf } from "./problems.ts";
import { captureRoutes } from "./routes/captures.ts";
import { configRoutes } from "./routes/config.ts";
import { healthRoutes } from "./routes/health.ts";
import { intakeRoutes } from "./routes/intake.ts";
import { liveRoutes } from "./routes/live.ts";
import { messageRoutes } from "./routes/messages.ts";
import { packetReadingRoutes } from "./routes/packet-reading.ts";
import { packetRoutes } from "./routes/packets.ts";
import { pcapRoutes } from "./routes/pcap.ts";
import { searchRoutes } from "./routes/search.ts";
import { statusRoutes } from "./routes/status.ts";
import { stellarRoutes } from "./routes/stellar.ts";

export type ServerOptions = {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Folder of the built interface. */
  readonly ui: string;
  /** Whether it may listen where others than this machine reach it, though there are no accounts. */
  readonly mayServeOthers?: boolean;
  readonly limits?: Partial<Limits>;
  /** Who makes a request; by its address when left out. */
  readonly actorOf?: ActorOf;
};

export type Server = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  /** What is served, as `GET /path`. */
  readonly routes: readonly string[];
};

/**
 * Starts page and API over a platform.
 * @throws Fault HOST_REFUSED, PORT_IN_USE
 */
export async function startServer(platform: Platform, options: ServerOptions): Promise<Server> {
  const { host, port, ui, mayServeOthers = false } = options;
  const limits: Limits = { ...LIMITS, ...options.limits };
  if (!mayServeOthers && !isLoopback(host)) throw new Fault("HOST_REFUSED", withoutGuard(host));
  const app = Fastify({
    logger: false,
    bodyLimit: 8 << 20,
    forceCloseConnections: true,
    http: {
      headersTimeout: limits.headers,
      connectionsCheckingInterval: Math.max(10, limits.headers / 4),
    },
    // The whole request has no limit, as telemetry may be sent for days; see limitBodies.
    requestTimeout: 0,
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, request, reply) => {
      answerProblem(error, request, reply as never, platform.context.log);
    },
  });
  // A message may hold longs and numbers without end, which JSON.stringify throws at or makes null of.
  app.setReplySerializer((payload) => messageToJson(payload));
  const routes: string[] = [];
  app.addHook(
    "onRoute",
    ({ method, url }) => void routes.push(...[method].flat().map((name) => `${name} ${url}`)),
  );
  const byAddress: ActorOf = ({ socket }) => actorAt(socket.remoteAddress, mayServeOthers);
  app.decorate("actorOf", options.actorOf ?? byAddress);
  limitConnections(app.server, limits, platform.context.log);
  guard(
    app,
    host,
    () => readGlobal(platform.config.get("global", "global")?.text ?? "", "global").server.names,
  );
  limitBodies(app, limits);
  answerProblems(app, platform.context.log);
  searchRoutes(app, platform);
  messageRoutes(app, platform);
  configRoutes(app, platform);
  stellarRoutes(app, platform);
  liveRoutes(app, platform);
  statusRoutes(app, platform);
  healthRoutes(app, platform);
  packetRoutes(app, platform);
  packetReadingRoutes(app, platform);
  pcapRoutes(app, platform);
  captureRoutes(app, platform);
  await app.register(async (scope) => intakeRoutes(scope, platform));

  const hasPage = existsSync(`${ui}/index.html`);
  // Names of built files carry a hash of their content, so browsers may keep them; the page itself changes.
  if (hasPage)
    await app.register(fastifyStatic, {
      root: ui,
      index: false,
      wildcard: false,
      immutable: true,
      maxAge: "365d",
    });
  app.setNotFoundHandler((request, reply) => {
    const isCall = request.url.startsWith(API_BASE) || request.method !== "GET";
    // The page stands for every address of its own, but not for a file that only an earlier build had.
    const isFile = request.url.startsWith("/assets/");
    if (!isCall && !isFile && hasPage) return reply.sendFile("index.html", { immutable: false, maxAge: 0 });
    const reason = isCall
      ? "there is no such call"
      : hasPage
        ? "there is no such file"
        : "the interface is not built: run `npm run build`";
    const problem = problemOf(
      new Fault("NOT_FOUND", `${request.method} ${request.url.split("?")[0]}: ${reason}`),
    );
    return reply.code(404).type("application/problem+json").send(problem);
  });

  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
    throw new Fault(
      "PORT_IN_USE",
      `listening on ${host} port ${port}: ${code === "EACCES" ? "not allowed" : "another program has it"}`,
      { cause: error },
    );
  }
  const address = app.server.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${address.port}`,
    port: address.port,
    routes,
    [Symbol.asyncDispose]: () => app.close(),
  };
}
