/** Calls of web services that an expression waits for: a thread of their own sends them, this one sleeps meanwhile. */
import { extname } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { HttpAccess, HttpRequest, HttpResponse } from "../../stellar/functions/rest.ts";

/** No call holds its thread longer than this, whatever its settings say. */
const MOST_MILLISECONDS = 60_000;
/** The thread that sends gives up first; this is for one that died. */
const GRACE = 5_000;

export type AnyRequest = Omit<HttpRequest, "method"> & { readonly method: string };

/**
 * Sends requests and waits for each.
 * @param allows whether a host may be called; a redirection never leaves the host that was asked for
 */
export function httpAccess(allows: (url: URL) => boolean): HttpAccess {
  return (request) => {
    const url = new URL(request.url);
    if (url.protocol !== "http:" && url.protocol !== "https:")
      return { failure: `addresses begin with http: or https:, not with ${url.protocol}` };
    if (!allows(url)) return { failure: `${url.host} is not in \`stellar.rest.allow\`` };
    return sendAndWait(request);
  };
}

/** Reads `stellar.rest.allow`: hosts, each with or without a port. Undefined when it allows none. */
export function allowedHosts(setting: unknown): ((url: URL) => boolean) | undefined {
  const hosts = new Set(
    (Array.isArray(setting) ? setting : [setting])
      .filter((host) => typeof host === "string" && host !== "")
      .map((host) => String(host).toLowerCase()),
  );
  if (hosts.size === 0) return undefined;
  return ({ host, hostname }) => hosts.has(host) || hosts.has(hostname);
}

let line: { readonly worker: Worker; readonly port: MessagePort; readonly answers: Int32Array } | undefined;

/** Sends one request and sleeps until its answer is there. */
export function sendAndWait(request: AnyRequest): HttpResponse | { readonly failure: string } {
  const timeout = Math.min(Math.max(request.timeout, 1), MOST_MILLISECONDS);
  line ??= openLine();
  const { worker, port, answers } = line;
  const before = Atomics.load(answers, 0);
  port.postMessage({ ...request, timeout });
  Atomics.wait(answers, 0, before, timeout + GRACE);
  const answer = receiveMessageOnPort(port) as { message: HttpResponse | { failure: string } } | undefined;
  if (answer !== undefined) return answer.message;
  // What this thread may still answer must not be taken for the answer to another request.
  line = undefined;
  port.close();
  void worker.terminate();
  return { failure: `no answer within ${timeout} ms` };
}

function openLine(): NonNullable<typeof line> {
  const { port1, port2 } = new MessageChannel();
  const answers = new Int32Array(new SharedArrayBuffer(4));
  const script = new URL(`./http-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(script, {
    workerData: { port: port2, answers },
    transferList: [port2],
    name: "http",
  });
  worker.unref();
  return { worker, port: port1, answers };
}
