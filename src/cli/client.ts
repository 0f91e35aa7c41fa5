import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { EndpointShape, ParamsOf, ResponseOf, SentBodyOf, SentQueryOf } from "../api/endpoint.ts";
import { API_BASE } from "../api/endpoint.ts";
import type { Problem } from "../api/problem.ts";
import { FAULTS, Fault, type FaultCode } from "../core/fault.ts";
import { messageFromJson } from "../core/message.ts";

/** Where a running platform says, in its data folder, how to reach it. */
export const ADDRESS_FILE = "server.json";

export type Client = {
  readonly url: string;
  call<Shape extends EndpointShape>(endpoint: Shape, input?: Input<Shape>): Promise<ResponseOf<Shape>>;
};

type Input<Shape extends EndpointShape> = {
  params?: ParamsOf<Shape>;
  query?: SentQueryOf<Shape>;
  body?: SentBodyOf<Shape>;
  stream?: Readable;
  headers?: Record<string, string>;
};

/** The address of the platform that runs on a data folder, if one says so and its process lives. */
export function addressOf(data: string): string | undefined {
  try {
    const { url, pid } = JSON.parse(readFileSync(join(data, ADDRESS_FILE), "utf8")) as Address;
    return isAlive(pid) ? url : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

type Address = { readonly url: string; readonly pid: number };

/** A platform that was killed leaves its address behind. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** A client of the platform at `server`, or of the one that runs on the data folder. Throws Fault SERVER_UNREACHABLE. */
export async function connect(options: { server?: string; data: string }): Promise<Client> {
  const url = options.server ?? addressOf(options.data);
  if (url === undefined)
    throw new Fault(
      "SERVER_UNREACHABLE",
      `looking for a platform on ${options.data}: no platform runs there`,
    );
  if (!URL.canParse(url))
    throw new Fault(
      "REQUEST_INVALID",
      `the address \`${url}\` is none: expected one such as http://127.0.0.1:8765`,
    );
  await send(`${url}${API_BASE}/status`, {});
  return { url, call: (endpoint, input) => call(url, endpoint, input) };
}

async function call<Shape extends EndpointShape>(
  url: string,
  endpoint: Shape,
  input: Input<Shape> = {},
): Promise<ResponseOf<Shape>> {
  const params = (input.params ?? {}) as Record<string, unknown>;
  const path = endpoint.path.replace(/:(\w+)/g, (_match, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries((input.query ?? {}) as Record<string, unknown>)) {
    if (value !== undefined) query.set(name, String(value));
  }
  const address = `${url}${API_BASE}${path}${query.size > 0 ? `?${query}` : ""}`;
  if (input.stream !== undefined)
    return (await sendStream(
      address,
      endpoint.method,
      input.headers ?? {},
      input.stream,
    )) as ResponseOf<Shape>;
  const request: RequestInit = { method: endpoint.method, headers: input.headers ?? {} };
  if (input.body !== undefined) {
    request.body = JSON.stringify(input.body);
    request.headers = { ...request.headers, "content-type": "application/json" };
  }
  const response = await send(address, request);
  return messageFromJson(await response.text()) as ResponseOf<Shape>;
}

async function send(url: string, request: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch (cause) {
    throw unreachable(url, cause);
  }
  if (response.ok) return response;
  throw faultOf(await response.text(), response.status);
}

/** Sends a stream for as long as it takes: `fetch` would give up on a sender that pauses for minutes. */
async function sendStream(
  url: string,
  method: string,
  headers: Record<string, string>,
  stream: Readable,
): Promise<unknown> {
  const request = (url.startsWith("https:") ? httpsRequest : httpRequest)(url, { method, headers });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.once("response", resolve);
    request.once("error", reject);
  });
  // A server that refuses answers before it has read all; its answer counts, not the broken stream.
  const sent = pipeline(stream, request).catch((error: Error) => error);
  const response = await answer.catch(async (cause) => {
    await sent;
    // A connection that breaks off ends the stream with its own error.
    if (stream.errored && !isBrokenOff(cause))
      throw new Fault("INPUT_UNREADABLE", `reading the input: ${stream.errored.message}`, { cause });
    throw unreachable(url, cause);
  });
  const body = await text(response);
  if (response.statusCode !== 200) {
    stream.destroy();
    throw faultOf(body, response.statusCode ?? 0);
  }
  return messageFromJson(body);
}

function unreachable(url: string, cause: unknown): Fault {
  const what = isBrokenOff(cause) ? "the connection broke off" : "no answer";
  return new Fault("SERVER_UNREACHABLE", `calling ${new URL(url).origin}: ${what}`, { cause });
}

function isBrokenOff(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && (cause.code === "ECONNRESET" || cause.code === "EPIPE");
}

/** A problem of the server as the fault it was there, with its place in the text. */
function faultOf(body: string, status: number): Fault {
  let problem: Partial<Problem> = {};
  try {
    problem = JSON.parse(body) as Partial<Problem>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const { code = "", detail = `the answer has status ${status}`, line, column, length, suggestion } = problem;
  const hint =
    suggestion === undefined || detail.includes(suggestion) ? "" : `; did you mean \`${suggestion}\`?`;
  return new Fault((code in FAULTS ? code : "REQUEST_INVALID") as FaultCode, `${detail}${hint}`, {
    details: { line, column, length },
  });
}
