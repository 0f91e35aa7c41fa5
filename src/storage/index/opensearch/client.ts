import { Agent, type Dispatcher, errors, request as send } from "undici";
import { Fault, type FaultCode } from "../../../core/fault.ts";
import { messageFromJson } from "../../../core/message.ts";

/** How OpenSearch is reached. Structured-cloneable: each thread that writes has a client of its own. */
export type Connection = {
  /** Nodes, `https://host:9200`; the next one is asked when one does not answer. At least one. */
  readonly nodes: readonly string[];
  /** What the `Authorization` header says; undefined for none. */
  readonly authorization?: string | undefined;
  /** Certificates in PEM of those who may vouch for the nodes, in place of the ones that Node knows. */
  readonly authority?: string | undefined;
};

/** The body of an answer, as far as it is read. */
export type Answer = Record<string, unknown>;

export type Asked = {
  readonly body?: object | undefined;
  /** In place of a body what is JSON already, or lines of it. */
  readonly json?: string | undefined;
  readonly lines?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long the server may take to answer, milliseconds; `SHORT` when absent. */
  readonly time?: number | undefined;
  /** Whether a PUT may be sent twice: it says the same of the same. What is not a PUT may always. */
  readonly isRepeatable?: boolean | undefined;
  /** Statuses beside those below 300 that are answers and no failures. */
  readonly expected?: readonly number[];
};

export type Response = { readonly status: number; readonly body: Answer };
/** An answer whose body nobody has read yet. */
export type Said = {
  readonly status: number;
  readonly said: string;
  /** Whether the same was sent before and may have been done, though no answer came. */
  readonly isRepeated: boolean;
};

/** Milliseconds for what takes a server no time, and for what may be work for it. */
const SHORT = 10_000;
export const LONG = 60_000;
/** Of what a server says of a failure, so much is told. */
const MOST_REASON = 500;

/** Codes of Node and undici for a connection that did not come about. */
const NOT_SENT = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
]);
/** Codes of Node and OpenSSL for certificates that are not accepted. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|ERR_TLS/;

/** Sends requests to OpenSearch; answers what it answers, or throws a Fault that says what is wrong and what to do. */
export class Client implements AsyncDisposable {
  readonly #nodes: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: Agent;
  #first = 0;

  constructor({ nodes, authorization, authority }: Connection) {
    this.#nodes = nodes.map((node) => node.replace(/\/+$/, ""));
    this.#headers = authorization === undefined ? {} : { authorization };
    this.#agent = new Agent({
      connect: { timeout: SHORT, ...(authority !== undefined && { ca: authority }) },
    });
  }

  /** The nodes, for messages. */
  get name(): string {
    return this.#nodes.join(", ");
  }

  /**
   * Sends a request to the first node that can be reached.
   * @throws Fault INDEX_UNREACHABLE, INDEX_REFUSED, SEARCH_BUSY, or the reason of the signal
   */
  async ask(method: Dispatcher.HttpMethod, path: string, asked: Asked = {}): Promise<Response> {
    const { status, said } = await this.hear(method, path, asked);
    return { status, body: readAnswer(said) ?? {} };
  }

  /** The same for answers that are long and seldom read. */
  async hear(method: Dispatcher.HttpMethod, path: string, asked: Asked = {}): Promise<Said> {
    let failure: unknown;
    // A node closes connections that were idle, perhaps at the moment when one is used: then it is asked once more, unless asking
    // twice could change something twice.
    const turns = this.#nodes.length + (method === "PUT" && asked.isRepeatable !== true ? 0 : 1);
    const first = this.#first;
    for (let turn = 0; turn < turns; turn++) {
      const place = (first + turn) % this.#nodes.length;
      try {
        const response = await this.#send(`${this.#nodes[place]}${path}`, method, asked);
        this.#first = place;
        return { ...response, isRepeated: failure !== undefined && mayBeDone(failure) };
      } catch (error) {
        asked.signal?.throwIfAborted();
        if (error instanceof Fault) throw error;
        failure = error;
        // One that is silent would be so again.
        if (isLate(error) && turn + 1 >= this.#nodes.length) break;
      }
    }
    throw unreachable(this.name, failure, asked.time ?? SHORT);
  }

  /** Ends what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  async #send(
    url: string,
    method: Dispatcher.HttpMethod,
    asked: Asked,
  ): Promise<Pick<Said, "status" | "said">> {
    const { body, lines, signal, expected = [], time = SHORT } = asked;
    const text = lines ?? asked.json ?? (body === undefined ? undefined : jsonOf(body));
    const { statusCode: status, body: stream } = await send(url, {
      method,
      headers: {
        ...this.#headers,
        ...(text !== undefined && {
          "content-type": lines === undefined ? "application/json" : "application/x-ndjson",
        }),
      },
      body: text ?? null,
      dispatcher: this.#agent,
      headersTimeout: time,
      bodyTimeout: time,
      ...(signal !== undefined && { signal }),
    });
    const said = await stream.text();
    if (status < 300 || expected.includes(status)) return { status, said };
    throw refused(new URL(url).origin, status, reasonOf(readAnswer(said)) ?? said);
  }
}

/** A body with whole numbers of any length in full. */
export function jsonOf(body: unknown): string {
  return JSON.stringify(body, (_key, value: unknown) =>
    typeof value === "bigint" ? JSON.rawJSON(value.toString()) : value,
  );
}

function readAnswer(text: string): Answer | undefined {
  if (text === "") return {};
  try {
    const read = messageFromJson(text);
    return typeof read === "object" && read !== null ? (read as Answer) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What an answer gives as its reason: that of the shard or document, and what lies under it. */
export function reasonOf(answer: unknown): string | undefined {
  const error = partOf(answer, "error") ?? answer;
  if (typeof error === "string") return error;
  const [root] = (partOf(error, "root_cause") as unknown[] | undefined) ?? [];
  const reason = textOf(partOf(root, "reason")) ?? textOf(partOf(error, "reason"));
  let under: string | undefined;
  for (let cause = partOf(error, "caused_by"); cause !== undefined; cause = partOf(cause, "caused_by"))
    under = textOf(partOf(cause, "reason")) ?? under;
  const both = under === undefined || reason?.includes(under) ? reason : `${reason}: ${under}`;
  return both?.slice(0, MOST_REASON);
}

function partOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Answer)[name] : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function refused(node: string, status: number, said: string): Fault {
  const reason = said.replace(/\s+/g, " ").slice(0, MOST_REASON);
  const fault = (code: FaultCode, what: string) =>
    new Fault(code, `OpenSearch at ${node} ${what}`, { details: { status, reason } });
  if (status === 401) return fault("INDEX_REFUSED", "does not accept the password or API key (401)");
  if (status === 403) return fault("INDEX_REFUSED", `does not allow it (403): ${reason}`);
  if (status === 429) return fault("SEARCH_BUSY", `has too much to do (429): ${reason}`);
  if (reason.includes("too many buckets") || reason.includes("too_many_clauses"))
    return fault("SEARCH_LIMIT", `finds that too much is asked for at once: ${reason}`);
  if (status >= 500 || status === 408) return fault("INDEX_UNREACHABLE", `fails (${status}): ${reason}`);
  return fault("INDEX_REFUSED", `refuses a request (${status}): ${reason}`);
}

/** Whether what was asked may have been done, though asking for it failed: all that is sure is that nobody took the call. */
export function mayBeDone(error: unknown): boolean {
  const { code = "", cause } = (error ?? {}) as NodeJS.ErrnoException;
  return !NOT_SENT.has(code) && (cause === undefined || mayBeDone(cause));
}

/** Whether a fault says that no answer came in time. */
export function isSilence({ cause }: Fault): boolean {
  return isLate(cause);
}

function isLate(error: unknown): boolean {
  return error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;
}

/** The true cause: what the network or OpenSSL says, not the wrappers around it. */
function unreachable(nodes: string, error: unknown, time: number): Fault {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  const all = cause instanceof AggregateError ? cause.errors : [cause];
  const { code = "", message = String(error) } = (all[0] ?? {}) as NodeJS.ErrnoException;
  if (CERTIFICATE.test(code))
    return new Fault(
      "INDEX_REFUSED",
      `the certificate of OpenSearch at ${nodes} is not accepted: ${message}`,
      { cause: error },
    );
  const what = isLate(error) ? `no answer within ${time / 1000} s` : message || code;
  return new Fault("INDEX_UNREACHABLE", `OpenSearch at ${nodes} cannot be reached: ${what}`, {
    cause: error,
  });
}
