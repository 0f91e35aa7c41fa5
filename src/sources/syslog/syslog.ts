import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { BlockBuilder } from "../block-builder.ts";
import { defineSource, type Source, type SourceContext } from "../source.ts";
import { MAX_RECORD_BYTES } from "../stream.ts";
import { kernelDrops } from "./kernel-drops.ts";
import { makeListener } from "./peers.ts";
import { Connections } from "./tcp.ts";
import { listenDatagrams } from "./udp.ts";

const config = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("Address to listen on; `0.0.0.0` or `::` for all."),
  port: z.int().min(0).max(65_535).default(5514).describe("Port for both protocols; 0 takes a free one."),
  protocol: z
    .enum(["tcp", "udp", "both"])
    .default("both")
    .describe(
      "What to listen for. Over TCP, octet counting and lines (RFC 6587) are told apart by themselves.",
    ),
  tls: z
    .strictObject({
      cert: z
        .string()
        .describe("File with the certificate and its chain, PEM; below `tls` in the data folder."),
      key: z.string().describe("File with the private key, PEM; as `cert`."),
      ca: z
        .string()
        .optional()
        .describe(
          "File with the authorities that client certificates must come from, PEM; as `cert`. Clients need no certificate when left out.",
        ),
    })
    .optional()
    .describe("Makes TCP connections TLS ones (RFC 5425); UDP stays as it is. They are plain when left out."),
  maxRecordBytes: z
    .int()
    .min(480)
    .default(MAX_RECORD_BYTES)
    .describe("Longest record in bytes; longer ones are refused and kept as errors."),
  maxPeers: z
    .int()
    .min(1)
    .default(10_000)
    .describe("Most TCP connections at a time; further ones are closed."),
});

type SyslogConfig = z.output<typeof config>;

export const syslog = defineSource({
  name: "syslog",
  summary: "Listens for syslog over UDP, TCP and TLS; one listener feeds one sensor.",
  config,
  listens: ({ host, port, protocol }) =>
    (protocol === "both" ? (["tcp", "udp"] as const) : [protocol]).map((each) => ({
      ...{ protocol: each, host, port },
    })),
  paths: ({ tls }) =>
    [tls?.cert, tls?.key, tls?.ca].flatMap((path) => (path === undefined ? [] : [{ path, use: "tls" }])),
  open: async (settings, context): Promise<Source> => {
    const failed = Promise.withResolvers<void>();
    failed.promise.catch(() => undefined);
    const builder = new BlockBuilder({
      clock: context.clock,
      deliver: (block) => context.deliver(context.sensor, block),
      onFailure: failed.reject,
    });
    const listener = makeListener(builder, settings.maxRecordBytes, context);
    const connections = new Connections(listener, settings.maxPeers);
    const stack = new AsyncDisposableStack();
    // What arrived before the listeners closed is delivered last of all.
    stack.defer(() => builder.flush());
    const addresses: string[] = [];
    let lost = () => 0;
    try {
      let { port } = settings;
      if (settings.protocol !== "udp") {
        const server = await listenStreams(settings, connections, context);
        stack.defer(() => closeServer(server, connections));
        server.on("error", failed.reject);
        port = (server.address() as AddressInfo).port;
        addresses.push(`${settings.tls === undefined ? "tcp" : "tls"}://${written(settings.host)}:${port}`);
      }
      if (settings.protocol !== "tcp") {
        const socket = await listenDatagrams(settings.host, port, listener, failed.reject);
        stack.defer(() => new Promise<void>((resolve) => socket.close(resolve)));
        const { port: own } = socket.address();
        addresses.push(`udp://${written(settings.host)}:${own}`);
        lost = () => kernelDrops(own);
        // The kernel forgets the count with the socket.
        stack.defer(() => {
          const last = kernelDrops(own);
          lost = () => last;
        });
      }
    } catch (error) {
      await stack.disposeAsync();
      throw listenFault(error, settings, context);
    }
    const owned = stack.move();
    return {
      addresses,
      done: failed.promise,
      counts: () => ({
        records: builder.records,
        bytes: builder.bytes,
        ...listener.counts,
        dropped: listener.counts.dropped + lost(),
      }),
      async [Symbol.asyncDispose]() {
        await owned.disposeAsync();
        failed.resolve();
      },
    };
  },
});

async function listenStreams(
  settings: SyslogConfig,
  connections: Connections,
  { allow }: SourceContext,
): Promise<Server> {
  const accept = connections.accept.bind(connections);
  const server =
    settings.tls === undefined
      ? createServer(accept)
      : createTlsServer(await readTls(settings.tls, allow), accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.port, settings.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return server;
}

async function readTls(tls: NonNullable<SyslogConfig["tls"]>, allow: SourceContext["allow"]) {
  const read = (path: string) => readFile(allow(path, "tls"));
  try {
    const [cert, key] = [await read(tls.cert), await read(tls.key)];
    if (tls.ca === undefined) return { cert, key };
    return { cert, key, ca: await read(tls.ca), requestCert: true, rejectUnauthorized: true };
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("CONFIG_INVALID", `reading the TLS files of syslog: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function closeServer(server: Server, connections: Connections): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    connections.close();
  });
}

function listenFault(error: unknown, settings: SyslogConfig, context: SourceContext): unknown {
  if (error instanceof Fault || !(error instanceof Error) || !("code" in error)) return error;
  const where = `syslog for sensor ${context.sensor}, listening on ${written(settings.host)}:${settings.port}`;
  const code = error.code === "EADDRINUSE" || error.code === "EACCES" ? "PORT_IN_USE" : "CONFIG_INVALID";
  const what = error.code === "EADDRINUSE" ? "the port is in use" : error.message;
  return new Fault(code, `${where}: ${what}`, { cause: error });
}

function written(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
