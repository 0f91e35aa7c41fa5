import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Log } from "../core/context.ts";
import { isLoopback } from "../core/loopback.ts";

/** What clients may take up, so that none of them can keep the server from others. */
export type Limits = {
  /** Connections at the same time. */
  readonly connections: number;
  /** Connections of one address of another machine. */
  readonly connectionsPerAddress: number;
  /** Milliseconds for the headers of a request. */
  readonly headers: number;
  /** Milliseconds for a whole body that is read before it is dealt with. */
  readonly body: number;
  /** Milliseconds without a byte after which a body is given up. Streams have no other limit: they may take days. */
  readonly idle: number;
};

export const LIMITS: Limits = {
  connections: 1024,
  connectionsPerAddress: 256,
  headers: 20_000,
  body: 120_000,
  idle: 30_000,
};

const TELL_EVERY = 60_000;
const LATE = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/** Bounds the number of connections, of all clients and of each. */
export function limitConnections(server: HttpServer, limits: Limits, log: Log): void {
  const open = new Map<string, number>();
  let all = 0;
  let refused = 0;
  let told = Number.NEGATIVE_INFINITY;
  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    // Behind a reverse proxy on this machine all clients have one address.
    const most = isLoopback(address.replace("::ffff:", ""))
      ? limits.connections
      : limits.connectionsPerAddress;
    const count = open.get(address) ?? 0;
    if (all >= limits.connections || count >= most) {
      refused++;
      socket.destroy();
      // Those that wait for a next request make room for the next client.
      server.closeIdleConnections();
      if (performance.now() - told < TELL_EVERY) return;
      log.warn("Connections were refused, as too many are open.", { refused, open: all, address });
      told = performance.now();
      refused = 0;
      return;
    }
    all++;
    open.set(address, count + 1);
    socket.once("close", () => {
      all--;
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}

type Body = { isStream: boolean; readonly since: number; bytes: number; at: number };

/**
 * Closes requests whose bodies do not come. Node's own limit counts the whole request and would end a stream of many
 * gigabytes; a stream is given up only when it stands still while the server waits for it.
 */
export function limitBodies(app: FastifyInstance, limits: Limits): void {
  const bodies = new Map<IncomingMessage, Body>();
  // Requests that are refused before any handler is known have bodies too.
  app.server.on("request", (raw: IncomingMessage) => {
    const { "transfer-encoding": encoding, "content-length": length } = raw.headers;
    if (encoding === undefined && !(Number(length) > 0)) return;
    const now = performance.now();
    bodies.set(raw, { isStream: false, since: now, bytes: raw.socket.bytesRead, at: now });
  });
  app.addHook("onRequest", async ({ raw, routeOptions }) => {
    const body = bodies.get(raw);
    const config = routeOptions.config as { isStream?: boolean } | undefined;
    if (body !== undefined) body.isStream = config?.isStream === true;
  });
  const look = () => {
    const now = performance.now();
    for (const [raw, body] of bodies) {
      // Node takes the socket from a request that was answered before its body was read.
      const socket = raw.socket as Socket | null;
      if (raw.complete || socket === null || socket.destroyed) {
        bodies.delete(raw);
        continue;
      }
      // What is in the buffer waits for the server, not for the client.
      const isWaiting = raw.readableLength >= raw.readableHighWaterMark;
      if (socket.bytesRead !== body.bytes || isWaiting) body.at = now;
      body.bytes = socket.bytesRead;
      if (now - body.at < limits.idle && (body.isStream || now - body.since < limits.body)) continue;
      bodies.delete(raw);
      socket.end(LATE, () => socket.destroy());
    }
  };
  const timer = setInterval(look, Math.max(10, Math.min(limits.idle, limits.body) / 4));
  app.addHook("onClose", async () => clearInterval(timer));
}
