import { API_BASE, type EndpointShape, isStreamBody, type ResponseOf } from "../api/endpoint.ts";
import { type Problem, problem } from "../api/problem.ts";
import { exactLong } from "../core/message.ts";

/** What a call sends: only what its endpoint declares. */
export type Sent<Shape extends EndpointShape> = {
  readonly params?: { readonly [name: string]: string };
  readonly query?: { readonly [name: string]: string | number | boolean | undefined };
  readonly body?: Shape["body"] extends { _zod: { input: infer Input } } ? Input : BodyInit;
  readonly signal?: AbortSignal;
};

/** The server's answer when it was not a success, or that there was none. */
export class CallProblem extends Error {
  readonly problem: Problem;

  constructor(found: Problem, options?: ErrorOptions) {
    super(found.detail, options);
    this.name = "CallProblem";
    this.problem = found;
  }
}

const UNREACHABLE: Problem = {
  type: "about:blank",
  title: "The server does not answer",
  status: 503,
  detail: "The server did not answer; it may be stopped, or the connection to it is broken.",
  code: "SERVER_UNREACHABLE",
  advice: "Start the platform with `metron up`; the page goes on by itself.",
};

/** Makes a REST call. Throws `CallProblem` unless the answer is a success of the declared shape. */
export async function call<Shape extends EndpointShape>(
  endpoint: Shape,
  { params, query, body, signal }: Sent<Shape> = {},
): Promise<ResponseOf<Shape>> {
  const stream = isStreamBody(endpoint.body);
  const type = isStreamBody(endpoint.body) ? endpoint.body.types[0] : "application/json";
  const response = await fetch(addressOf(endpoint, params, query), {
    method: endpoint.method,
    headers: { accept: "application/json", ...(body !== undefined && { "content-type": type }) },
    ...(body !== undefined && { body: stream ? (body as BodyInit) : JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new CallProblem(UNREACHABLE, { cause });
  });
  const text = await response.text().catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new CallProblem(UNREACHABLE, { cause });
  });
  if (!response.ok) throw new CallProblem(readProblem(response.status, text));
  return endpoint.response.parse(text === "" ? undefined : JSON.parse(text, exactLong)) as ResponseOf<Shape>;
}

/** The path of an endpoint with its parameters filled in. */
export function addressOf(
  { path }: EndpointShape,
  params: Sent<EndpointShape>["params"] = {},
  query: Sent<EndpointShape>["query"] = {},
): string {
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `${API_BASE}${filled}${search === "" ? "" : `?${search}`}`;
}

/** What went wrong, as a problem, whatever was thrown. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof CallProblem) return thrown.problem;
  return {
    type: "about:blank",
    title: "The answer was not understood",
    status: 500,
    detail: thrown instanceof Error ? thrown.message : String(thrown),
    code: "ANSWER_INVALID",
    advice: "Reload the page; if it stays, the page and the server are of different versions.",
  };
}

function readProblem(status: number, text: string): Problem {
  // A proxy between may answer with a page of its own instead of a problem.
  if (status >= 502 && status <= 504 && !text.startsWith("{")) return UNREACHABLE;
  const read = problem.safeParse(text.startsWith("{") ? JSON.parse(text) : undefined);
  if (read.success) return read.data;
  return { ...problemOf(`The server answered with status ${status}.`), status, title: "The server failed" };
}
