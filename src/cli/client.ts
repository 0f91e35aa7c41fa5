import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { EndpointShape, ParamsOf, ResponseOf, SentBodyOf, SentQueryOf } from "../api/endpoint.ts";
import { API_BASE } from "../api/endpoint.ts";
import type { Problem } from "../api/problem.ts";
import { FAULTS, Fault, type FaultCode } from "../core/fault.ts";

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

/** The address of the platform that runs on a data folder, if one says so. */
export function addressOf(data: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(data, ADDRESS_FILE), "utf8")) as { url: string }).url;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A client of the platform at `server`, or of the one that runs on the data folder. Throws Fault SERVER_UNREACHABLE. */
export async function connect(options: { server?: string; data: string }): Promise<Client> {
  const url = options.server ?? addressOf(options.data);
  if (url === undefined)
    throw new Fault("SERVER_UNREACHABLE", `looking for a platform on ${options.data}: none runs there`);
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
  const request: RequestInit & { duplex?: "half" } = {
    method: endpoint.method,
    headers: input.headers ?? {},
  };
  if (input.stream !== undefined) {
    request.body = input.stream as unknown as BodyInit;
    request.duplex = "half";
  } else if (input.body !== undefined) {
    request.body = JSON.stringify(input.body);
    request.headers = { ...request.headers, "content-type": "application/json" };
  }
  const response = await send(`${url}${API_BASE}${path}${query.size > 0 ? `?${query}` : ""}`, request);
  return (await response.json()) as ResponseOf<Shape>;
}

async function send(url: string, request: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch (cause) {
    throw new Fault("SERVER_UNREACHABLE", `calling ${new URL(url).origin}: no answer`, { cause });
  }
  if (response.ok) return response;
  const problem = (await response
    .json()
    .catch(() => ({ detail: `status ${response.status}`, code: "" }))) as Problem;
  throw faultOf(problem);
}

/** A problem of the server as the fault it was there, with its place in the text. */
function faultOf(problem: Problem): Fault {
  const code = (problem.code in FAULTS ? problem.code : "REQUEST_INVALID") as FaultCode;
  const place = problem.line === undefined ? "" : ` (line ${problem.line}, column ${problem.column})`;
  const hint = problem.suggestion === undefined ? "" : `; did you mean \`${problem.suggestion}\`?`;
  return new Fault(code, `${problem.detail}${place}${hint}`);
}
