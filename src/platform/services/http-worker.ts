/** Runs as a thread of its own: sends requests for a thread that sleeps until the answer is there. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type MessagePort, workerData } from "node:worker_threads";
import type { HttpResponse } from "../../stellar/functions/rest.ts";
import type { AnyRequest } from "./http.ts";

const MOST_REDIRECTIONS = 5;
const MOST_BYTES = 16 * 1024 * 1024;

const { port, answers } = workerData as { port: MessagePort; answers: Int32Array };

port.on("message", async (request: AnyRequest) => {
  const answer = await send(request).catch((error: Error) => ({ failure: reasonOf(error, request) }));
  port.postMessage(answer);
  Atomics.add(answers, 0, 1);
  Atomics.notify(answers, 0);
});

async function send(request: AnyRequest): Promise<HttpResponse> {
  const signal = AbortSignal.timeout(request.timeout);
  let url = new URL(request.url);
  for (let redirections = 0; ; redirections++) {
    const response = await open(request, url, signal);
    const { statusCode: status = 0, headers } = response;
    const next = request.method === "GET" && status >= 300 && status < 400 ? headers.location : undefined;
    const target = next === undefined ? null : URL.parse(next, url);
    // Elsewhere nobody allowed it, and the credentials are not meant for it.
    if (target?.origin === url.origin && redirections < MOST_REDIRECTIONS) {
      response.resume();
      url = target;
      continue;
    }
    const announced = headers["content-length"];
    return {
      status,
      body: await readAll(response),
      contentLength: announced === undefined ? undefined : Number(announced),
    };
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BYTES) throw new Error(`the answer has more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Sends to the host, or through the proxy: plain requests are handed to it, a secure one goes through a tunnel. */
async function open(request: AnyRequest, url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, headers, proxy } = request;
  const options = {
    method,
    headers: { ...headers, "Accept-Encoding": "identity" },
    signal,
    agent: false as const,
  };
  if (proxy === undefined) {
    return answerTo(
      url.protocol === "https:" ? httpsRequest(url, options) : httpRequest(url, options),
      request,
    );
  }
  const { host, port: proxyPort, authorization } = proxy;
  const known = authorization === undefined ? {} : { "Proxy-Authorization": authorization };
  if (url.protocol === "http:") {
    const proxied = { ...options.headers, ...known, Host: url.host };
    return answerTo(
      httpRequest({ ...options, host, port: proxyPort, path: url.href, headers: proxied }),
      request,
    );
  }
  const authority = `${url.hostname}:${url.port || 443}`;
  const tunnel = httpRequest({
    host,
    port: proxyPort,
    method: "CONNECT",
    path: authority,
    headers: { Host: authority, ...known },
    signal,
    agent: false,
  });
  const socket = await socketOf(tunnel);
  const createConnection = () => connectTls({ socket, servername: url.hostname });
  return answerTo(httpsRequest(url, { ...options, createConnection }), request);
}

function socketOf(tunnel: ClientRequest): Promise<Socket> {
  return new Promise((resolve, reject) => {
    tunnel.once("error", reject);
    tunnel.once("connect", ({ statusCode }: IncomingMessage, socket: Socket) => {
      if (statusCode === 200) resolve(socket);
      else reject(new Error(`the proxy answers with status ${statusCode}`));
    });
    tunnel.end();
  });
}

function answerTo(call: ClientRequest, request: AnyRequest): Promise<IncomingMessage> {
  const { body, connectTimeout, socketTimeout } = request;
  return new Promise((resolve, reject) => {
    call.once("error", reject);
    call.once("response", resolve);
    if (socketTimeout !== undefined && socketTimeout > 0)
      call.setTimeout(socketTimeout, () => call.destroy(new Error(`silent for ${socketTimeout} ms`)));
    if (connectTimeout !== undefined && connectTimeout > 0) {
      const late = () => call.destroy(new Error(`no connection within ${connectTimeout} ms`));
      const timer = setTimeout(late, connectTimeout);
      call.once("close", () => clearTimeout(timer));
      call.once("socket", (socket) => {
        if (!socket.connecting) clearTimeout(timer);
        else socket.once("connect", () => clearTimeout(timer));
      });
    }
    call.end(body);
  });
}

function reasonOf(error: Error, { timeout }: AnyRequest): string {
  if (error.name === "TimeoutError" || error.name === "AbortError") return `no answer within ${timeout} ms`;
  const { code, message } = error as NodeJS.ErrnoException;
  return message || code || String(error);
}
