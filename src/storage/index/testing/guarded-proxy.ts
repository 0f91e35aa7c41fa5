import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type GuardedProxy = AsyncDisposable & {
  readonly url: string;
  /** The certificate, which is its own authority. */
  readonly authority: string;
  /** What is answered in place of the server behind, by `METHOD /path`'s beginning; undefined passes it on. */
  answer: ((method: string, path: string) => { status: number; body: string } | undefined) | undefined;
  /** Whether connections are cut as soon as they ask something. */
  isCut: boolean;
  /** Which requests are taken and never answered, by their paths; undefined for none. */
  isSilent: ((path: string) => boolean) | undefined;
  /** Ends the silence, and the connections on which nothing was said. */
  restart(): void;
  /** After how many bytes of its body an answer is cut off, by method and path; undefined: not. */
  cutAfter: ((method: string, path: string) => number | undefined) | undefined;
  /** What must come to pass before a request is passed on. */
  hold: ((method: string, path: string) => Promise<void>) | undefined;
};

/** Stands before a server as TLS and passwords do that it lacks: OpenSearch's security comes as a plugin of its distribution. */
export async function guardServer(
  target: string,
  {
    authorization,
    madeOn,
    isPlain = false,
  }: { authorization?: string; madeOn?: string; isPlain?: boolean } = {},
): Promise<GuardedProxy> {
  const { certificate, key } = makeCertificate(madeOn);
  const { hostname, port } = new URL(target);
  const silent = new Set<Socket>();
  const serve = async (from: IncomingMessage, to: ServerResponse) => {
    const { method = "GET", url: path = "/" } = from;
    if (proxy.isCut) return void from.socket.destroy();
    if (proxy.isSilent?.(path)) return void silent.add(from.socket);
    const given = proxy.answer?.(method, path);
    if (authorization !== undefined && from.headers.authorization !== authorization)
      return void to.writeHead(401).end("Unauthorized");
    if (given !== undefined) return void to.writeHead(given.status).end(given.body);
    await proxy.hold?.(method, path);
    const passed = request({ hostname, port, method, path, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 500, answer.headers);
      const most = proxy.cutAfter?.(method, path);
      if (most === undefined) return void answer.pipe(to);
      let sent = 0;
      answer.on("data", (part: Buffer) => {
        to.write(part.subarray(0, Math.max(0, most - sent)));
        sent += part.length;
        if (sent > most) to.destroy();
      });
      answer.on("end", () => to.end());
    });
    passed.on("error", () => to.destroy());
    from.pipe(passed);
  };
  const server = isPlain ? createServer(serve) : createSecureServer({ cert: certificate, key }, serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: GuardedProxy = {
    url: `${isPlain ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authority: certificate,
    answer: undefined,
    isCut: false,
    isSilent: undefined,
    restart() {
      proxy.isSilent = undefined;
      for (const socket of silent) socket.destroy();
      silent.clear();
    },
    cutAfter: undefined,
    hold: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}

/** An address at which nothing listens. */
export async function deafAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return `http://127.0.0.1:${port}`;
}

function makeCertificate(madeOn: string | undefined): { certificate: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), "metron-certificate-"));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const made = [
    ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", certificate],
  ];
  const [program = "", ...parameters] = madeOn === undefined ? made : ["faketime", madeOn, ...made];
  try {
    execFileSync(program, parameters, { stdio: "pipe" });
    return { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
