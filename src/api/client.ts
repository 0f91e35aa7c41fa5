import { z } from "zod";
import {
  type EndpointShape,
  isStreamBody,
  type ParamsOf,
  type ResponseOf,
  type SentBodyOf,
  type SentQueryOf,
  type StreamBody,
  servedAt,
} from "./endpoint.ts";
import { type Problem, problem } from "./problem.ts";

/**
 * The client's side of every call: what is sent for an endpoint, and what the answer means. The page, the command line and the shell of
 * expressions differ in how they send it and in how they read JSON, and hand both in.
 */

/** What a call sends: only what its endpoint declares. `Stream` is what the environment sends as a stream. */
export type Input<Shape extends EndpointShape, Stream> = {
  readonly params?: ParamsOf<Shape>;
  readonly query?: SentQueryOf<Shape>;
  readonly body?: Shape["body"] extends StreamBody ? Stream : SentBodyOf<Shape>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
};

/** A request as it goes out. */
export type ApiRequest<Stream> = {
  readonly method: EndpointShape["method"];
  /** Path and query, beginning with a slash. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON or a stream. */
  readonly body: string | Stream | undefined;
  readonly signal: AbortSignal | undefined;
};

/** An answer as it came, whatever its status. */
export type ApiAnswer = { readonly status: number; readonly text: string };

/** Where a client runs. */
export type ClientEnvironment<Stream> = {
  /** Sends a request. Throws `CallProblem` when there is no answer. */
  readonly send: (request: ApiRequest<Stream>) => Promise<ApiAnswer>;
  /** Reads JSON. @throws SyntaxError */
  readonly readJson: (text: string) => unknown;
};

/** Makes a call. Throws `CallProblem` unless the answer is a success of the declared shape. */
export type Call<Stream> = <Shape extends EndpointShape>(
  endpoint: Shape,
  input?: Input<Shape, Stream>,
) => Promise<ResponseOf<Shape>>;

/** The server's answer when it was not a success, or that there was none. */
export class CallProblem extends Error {
  readonly problem: Problem;

  constructor(found: Problem, options?: ErrorOptions) {
    super(found.detail, options);
    this.name = "CallProblem";
    this.problem = found;
  }
}

export const UNREACHABLE: Problem = {
  type: "about:blank",
  title: "The server does not answer",
  status: 503,
  detail: "The server did not answer; it may be stopped, or the connection to it is broken.",
  code: "SERVER_UNREACHABLE",
  advice: "Start the platform again, with `metron up` or `metron server`; the page goes on by itself.",
};

/** A client in an environment. */
export function makeCall<Stream>({ send, readJson }: ClientEnvironment<Stream>): Call<Stream> {
  return async (endpoint, input) => answerOf(endpoint, await send(requestOf(endpoint, input)), readJson);
}

/** What to send for a call. */
export function requestOf<Shape extends EndpointShape, Stream>(
  endpoint: Shape,
  { params, query, body, headers, signal }: Input<Shape, Stream> = {},
): ApiRequest<Stream> {
  const declared = endpoint.body;
  const isStream = isStreamBody(declared);
  const type = isStream ? declared.types[0] : "application/json";
  return {
    method: endpoint.method,
    address: addressOf(endpoint, params, query),
    headers: { accept: "application/json", ...(body !== undefined && { "content-type": type }), ...headers },
    // Which of both it is depends on the endpoint, as the type of the input says.
    body: isStream || body === undefined ? (body as Stream | undefined) : JSON.stringify(body),
    signal,
  };
}

/** Path and query of a call, with its parameters filled in. */
export function addressOf<Shape extends EndpointShape>(
  endpoint: Shape,
  params?: ParamsOf<Shape>,
  query?: SentQueryOf<Shape>,
): string {
  const given: Readonly<Record<string, unknown>> = { ...params };
  const filled = servedAt(endpoint).replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String(given[name] ?? "")),
  );
  const asked = Object.entries({ ...query }).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(asked.map(([name, value]) => [name, String(value)])).toString();
  return `${filled}${search === "" ? "" : `?${search}`}`;
}

/**
 * What an answer says: checked against the endpoint and returned as it was read. Throws `CallProblem` for a failure and for an answer of another
 * shape, as of a server of another version.
 */
export function answerOf<Shape extends EndpointShape>(
  endpoint: Shape,
  { status, text }: ApiAnswer,
  readJson: (text: string) => unknown,
): ResponseOf<Shape> {
  if (status < 200 || status >= 300) throw new CallProblem(problemIn(status, text));
  try {
    const answer = text === "" ? undefined : readJson(text);
    endpoint.response.parse(answer);
    // Responses change nothing of what they check, so that numbers and keys stay as the environment reads them.
    return answer as ResponseOf<Shape>;
  } catch (cause) {
    const detail = cause instanceof z.ZodError ? mistakesIn(cause) : String((cause as Error).message);
    throw new CallProblem(notUnderstood(`The answer has another form than expected: ${detail}`), { cause });
  }
}

/** The first mistakes of an answer, each with its place. */
function mistakesIn({ issues }: z.ZodError): string {
  return issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}

/** The problem of an answer that is not a success. */
function problemIn(status: number, text: string): Problem {
  const read = problem.safeParse(jsonIn(text));
  if (read.success) return read.data;
  // A proxy between answers with a page of its own when it does not reach the server.
  if (status >= 502 && status <= 504) return UNREACHABLE;
  return {
    ...notUnderstood(`The server answered with status ${status}.`),
    status,
    title: "The server failed",
  };
}

/** The problem of an answer that is not what was expected. */
export function notUnderstood(detail: string): Problem {
  return {
    type: "about:blank",
    title: "The answer was not understood",
    status: 500,
    detail,
    code: "ANSWER_INVALID",
    advice:
      "Reload the page, or use the command line that came with the server: what asks and what answers are of different versions.",
  };
}

function jsonIn(text: string): unknown {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
