import { once } from "node:events";
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, type Dispatcher, errors, request } from "undici";
import { Fault } from "../../core/fault.ts";

export type Request = {
  readonly method: Dispatcher.HttpMethod;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Readable | Uint8Array | undefined;
};

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
};

/** What a server said that may be otherwise in a moment. */
export class Temporary extends Error {}

const CONNECT_MILLISECONDS = 10_000;
/** How long nothing may come, neither an answer nor a part of it. */
const SILENCE_MILLISECONDS = 30_000;
const MOST_TRIES = 5;
const FIRST_PAUSE = 200;
/** An answer is a piece of a file, a list of files, or what is wrong. */
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_REASON = 500;

/** Codes of Node and OpenSSL for certificates that are not accepted. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|ERR_TLS/;

/** Sends requests to an archive, and again after a pause that grows while what fails may be temporary. */
export class Sender implements AsyncDisposable {
  readonly #name: string;
  readonly #settings: string;
  readonly #agent: Agent;
  readonly #authority: string | undefined;

  /** @param settings where in the global document the archive is configured, for messages. */
  constructor(name: string, settings: string, authority: string | undefined) {
    this.#name = name;
    this.#settings = settings;
    this.#authority = authority;
    this.#agent = new Agent({
      connect: { timeout: CONNECT_MILLISECONDS, ...(authority !== undefined && { ca: authority }) },
      headersTimeout: SILENCE_MILLISECONDS,
      bodyTimeout: SILENCE_MILLISECONDS,
    });
  }

  /**
   * Does something of one or several requests; does all of it again when the network fails or `Temporary` is thrown.
   * @throws Fault ARCHIVE_UNREACHABLE, ARCHIVE_REFUSED, whatever else `work` throws, or the reason of the signal
   */
  async attempt<Result>(work: (turn: number) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    for (let turn = 0; ; turn++) {
      signal.throwIfAborted();
      try {
        return await work(turn);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Fault || isLocal(error)) throw error;
        const cause = causeOf(error);
        if (CERTIFICATE.test(cause.code ?? ""))
          throw new Fault(
            "ARCHIVE_REFUSED",
            `the certificate of the archive at ${this.#name} is not accepted: ${cause.message.split(";")[0]}; renew it, or name who signed it under \`${this.#settings}.authority\``,
            { cause: error },
          );
        if (turn + 1 >= MOST_TRIES)
          throw new Fault(
            "ARCHIVE_UNREACHABLE",
            `the archive at ${this.#name} cannot be used: ${reasonOf(error, cause)}`,
            { cause: error },
          );
        // Not all at once again: half of the pause is left to chance.
        await delay(FIRST_PAUSE * 2 ** turn * (0.5 + Math.random() / 2), undefined, { signal });
      }
    }
  }

  /** Sends one request and reads its answer to the end; one that is cut off is an error. */
  async send({ method, url, headers, body }: Request, signal: AbortSignal): Promise<Answer> {
    const answer = await request(url, {
      ...{ method, headers, signal, dispatcher: this.#agent },
      body: body ?? null,
    });
    return { status: answer.statusCode, headers: answer.headers, body: await readAll(answer.body) };
  }

  /**
   * Does what `send` does by Node's own client: data nodes of Hadoop say `100 Continue` to whoever sends something, also unasked, which
   * undici takes for a broken answer.
   */
  async sendUnasked({ method, url, headers, body }: Request, signal: AbortSignal): Promise<Answer> {
    const send = url.startsWith("https:") ? secureRequest : plainRequest;
    const outgoing = send(url, { method, headers, signal, agent: false, ca: this.#authority });
    outgoing.setTimeout(SILENCE_MILLISECONDS, () =>
      outgoing.destroy(new Error(`nothing came from it for ${SILENCE_MILLISECONDS / 1000} s`)),
    );
    // Where it fails the request does, too.
    pipeline(body instanceof Readable ? body : Readable.from([body ?? ""]), outgoing).catch(() => undefined);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: await readAll(answer) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

async function readAll(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Error(`an answer has more than ${MOST_BYTES} bytes`);
  }
  return Buffer.concat(parts);
}

/** What a server says of a failure, as much as is told. */
export function shortened(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, MOST_REASON);
}

/** Whether a status may be another one in a moment. */
export function isTemporary(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Whether an error is of a file of this machine: to try again would not help. */
function isLocal(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && /^(open|read|stat)$/.test(String(error.syscall));
}

/** The true cause: what the network or OpenSSL says, not the wrappers around it. */
function causeOf(error: unknown): NodeJS.ErrnoException {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error ? first : new Error(String(first));
}

function reasonOf(error: unknown, cause: NodeJS.ErrnoException): string {
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError)
    return `nothing came from it for ${SILENCE_MILLISECONDS / 1000} s`;
  return cause.message || (cause.code ?? String(error));
}
