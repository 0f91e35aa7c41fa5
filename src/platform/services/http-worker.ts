/** Runs as a thread of its own: sends requests for a thread that sleeps until the answer is there. */
import { type MessagePort, workerData } from "node:worker_threads";
import { Agent, type Dispatcher, errors, Pool, ProxyAgent, request as send } from "undici";
import type { HttpResponse } from "../../stellar/functions/rest.ts";
import type { AnyRequest } from "./http.ts";

const MOST_REDIRECTIONS = 5;
const MOST_BYTES = 16 * 1024 * 1024;

const { port, answers } = workerData as { port: MessagePort; answers: Int32Array };

port.on("message", async (request: AnyRequest) => {
  const answer = await answerTo(request).catch((error: Error) => ({ failure: reasonOf(error, request) }));
  port.postMessage(answer);
  Atomics.add(answers, 0, 1);
  Atomics.notify(answers, 0);
});

async function answerTo(request: AnyRequest): Promise<HttpResponse> {
  const dispatcher = dispatcherFor(request);
  try {
    return await follow(request, dispatcher);
  } finally {
    await dispatcher.destroy();
  }
}

/** Sends to the host, or through the proxy: plain requests are handed to it, a secure one goes through a tunnel. */
function dispatcherFor({ proxy, connectTimeout = 0, socketTimeout = 0 }: AnyRequest): Dispatcher {
  // A limit of 0 is none; the library's own would otherwise cut in before ours.
  const connect = { timeout: connectTimeout };
  const limits = { headersTimeout: socketTimeout, bodyTimeout: socketTimeout, maxResponseSize: MOST_BYTES };
  if (proxy === undefined) return new Agent({ ...limits, connect, allowH2: false });
  const { host, port: proxyPort, authorization } = proxy;
  return new ProxyAgent({
    ...limits,
    uri: `http://${host}:${proxyPort}`,
    proxyTls: connect,
    proxyTunnel: false,
    allowH2: false,
    // Plain requests would otherwise go through a client without the limits.
    factory: (origin, options) => new Pool(origin, { ...options, ...limits }),
    ...(authorization === undefined ? {} : { token: authorization }),
  });
}

async function follow(request: AnyRequest, dispatcher: Dispatcher): Promise<HttpResponse> {
  const { body, headers } = request;
  const method = request.method as Dispatcher.HttpMethod;
  const signal = AbortSignal.timeout(request.timeout);
  let url = new URL(request.url);
  // The library's own redirections would leave the origin, and fail where the answer is to be handed on.
  for (let redirections = 0; ; redirections++) {
    const response = await send(url, {
      method,
      headers: { ...credentialsIn(url), ...headers, "Accept-Encoding": "identity" },
      body: body ?? null,
      signal,
      dispatcher,
    });
    const { statusCode: status } = response;
    const next = method === "GET" && status >= 300 && status < 400 ? response.headers.location : undefined;
    const target = typeof next === "string" ? URL.parse(next, url) : null;
    // Elsewhere nobody allowed it, and the credentials are not meant for it.
    if (target?.origin === url.origin && redirections < MOST_REDIRECTIONS) {
      await response.body.dump();
      url = target;
      continue;
    }
    const announced = response.headers["content-length"];
    return {
      status,
      body: Buffer.from(await response.body.bytes()).toString("utf8"),
      contentLength: announced === undefined ? undefined : Number(announced),
    };
  }
}

/** What an address says before its host. */
function credentialsIn({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { Authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
}

function reasonOf(error: Error, { timeout, connectTimeout, socketTimeout }: AnyRequest): string {
  if (error.name === "TimeoutError") return `no answer within ${timeout} ms`;
  if (error instanceof errors.ResponseExceededMaxSizeError)
    return `the answer has more than ${MOST_BYTES} bytes`;
  if (error instanceof errors.ConnectTimeoutError) return `no connection within ${connectTimeout} ms`;
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError)
    return `silent for ${socketTimeout} ms`;
  const { code, message } = error as NodeJS.ErrnoException;
  return message || code || String(error);
}
