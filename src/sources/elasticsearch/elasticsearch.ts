import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createGunzip } from "node:zlib";
import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { secretSchema } from "../../core/secret-schema.ts";
import { defineSource, type Source, type SourceContext } from "../source.ts";
import { handshake, type ItemAnswer, LICENSE, problem, refused, stored } from "./answers.ts";
import { type Action, BulkError, BulkItems } from "./bulk-items.ts";
import { Documents } from "./documents.ts";

/** As Elasticsearch: `http.max_content_length`. Of a packed body what it unpacks to. */
const MOST_BODY_BYTES = 100 * 1024 * 1024;
/** Each item is answered, so many of a few bytes would be an answer of gigabytes. Shippers send some thousands at the most. */
const MOST_ITEMS = 100_000;
const MOST_CONNECTIONS = 1000;
const HEADERS_MILLISECONDS = 10_000;
const REQUEST_MILLISECONDS = 300_000;
/** How often it is logged that requests are refused: a shipper that is set up wrongly sends the same forever. */
const LOG_EVERY = 60_000;

const config = z.strictObject({
  host: z.string().default("127.0.0.1").describe("Address to listen on."),
  port: z.int().min(0).max(65_535).default(9200).describe("Port to listen on; 0 picks a free one."),
  version: z
    .string()
    .regex(/^\d{1,3}\.\d{1,3}\.\d{1,3}$/, "expected a version such as 8.17.0")
    .default("8.17.0")
    .describe("Version of Elasticsearch that shippers are told; some want one as new as theirs."),
  user: z.string().min(1).optional().describe("User that shippers must name; nobody asks when left out."),
  password: secretSchema
    .optional()
    .describe("Where the user's password is; needed with `user`, not used without it."),
  maxRecordBytes: z
    .int()
    .min(1)
    .max(MOST_BODY_BYTES)
    .default(32 * 1024 * 1024)
    .describe("Longest document in bytes; a request with a longer one is refused."),
});

type Options = z.output<typeof config>;

export const elasticsearch = defineSource({
  name: "elasticsearch",
  summary:
    "Listens for bulk requests as shippers send them to Elasticsearch (Filebeat, Logstash, rsyslog, Flume); each document is a record.",
  config,
  listens: ({ host, port }) => [{ protocol: "tcp", host, port }],
  secrets: ({ password }) => (password === undefined ? [] : [[["password"], password]]),
  open: async (options, context): Promise<Source> => {
    if ((options.user === undefined) !== (options.password === undefined))
      throw new Fault("CONFIG_INVALID", "`user` and `password` belong together: write both or neither");
    if (options.password !== undefined) context.readSecret(options.password);
    const door = new Door(options, context);
    await door.listen();
    return door;
  },
});

class Door implements Source {
  readonly #options: Options;
  readonly #context: SourceContext;
  readonly #server: Server;
  readonly #uuid = randomUUID();
  readonly #ended = Promise.withResolvers<void>();
  readonly #working = new Set<Promise<void>>();
  #records = 0;
  #bytes = 0;
  #refused = 0;
  #peers = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(options: Options, context: SourceContext) {
    this.#options = options;
    this.#context = context;
    this.#server = createServer(
      { headersTimeout: HEADERS_MILLISECONDS, requestTimeout: REQUEST_MILLISECONDS },
      (request, response) => {
        const work = this.#answer(request, response).finally(() => this.#working.delete(work));
        this.#working.add(work);
      },
    );
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on("connection", (socket) => {
      this.#peers++;
      socket.once("close", () => this.#peers--);
    });
    this.#ended.promise.catch(() => undefined);
  }

  get addresses(): readonly string[] {
    const { port } = this.#server.address() as AddressInfo;
    const { host } = this.#options;
    return [`http://${host.includes(":") ? `[${host}]` : host}:${port}`];
  }

  get done(): Promise<void> {
    return this.#ended.promise;
  }

  counts() {
    const [records, bytes, refusedItems, peers] = [this.#records, this.#bytes, this.#refused, this.#peers];
    return { records, bytes, refused: refusedItems, dropped: 0, peers };
  }

  /** @throws Fault PORT_IN_USE, CONFIG_INVALID */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    this.#server.listen({ host, port });
    try {
      await once(this.#server, "listening");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const taken = code === "EADDRINUSE" || code === "EACCES";
      const why = code === "EACCES" ? "not allowed" : taken ? "another program has it" : code;
      throw new Fault(
        taken ? "PORT_IN_USE" : "CONFIG_INVALID",
        `listening for bulk requests on ${host} port ${port}: ${why}`,
        { cause: error },
      );
    }
    this.#server.on("error", this.#ended.reject);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    // What was taken is answered, so that nobody sends it a second time.
    await Promise.race([
      Promise.allSettled(this.#working),
      new Promise((resolve) => setTimeout(resolve, 5000).unref()),
    ]);
    this.#server.closeAllConnections();
    await closed;
    this.#ended.resolve();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A peer that goes away is met where its body is read.
    response.on("error", () => undefined);
    try {
      const refusal = this.#refusal(request);
      if (refusal === undefined) await this.#route(request, response);
      else this.#turnDown(response, refusal.status, refusal.type, refusal.reason);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof BulkError || isOfZlib(error))
        this.#turnDown(response, 400, "illegal_argument_exception", reason);
      // Shippers send again what is answered with 503.
      else this.#turnDown(response, 503, "unavailable_shards_exception", reason);
    } finally {
      // What was not read of a refused body would be taken for the next request.
      if (!request.complete) response.once("finish", () => request.destroy());
    }
  }

  /** Answers a request that is not taken. It is counted as one that was refused, and told to who reads the log. */
  #turnDown(response: ServerResponse, status: number, type: string, reason: string): void {
    this.#refused++;
    const { clock, log, sensor } = this.#context;
    if (clock.now() - this.#loggedAt >= LOG_EVERY) {
      this.#loggedAt = clock.now();
      log.warn("A request of a shipper was not taken.", { sensor, status, reason, refused: this.#refused });
    }
    say(response, status, problem(status, type, reason));
  }

  /** Why a request is not looked at. */
  #refusal({ headers }: IncomingMessage) {
    // A page of somebody else that the browser of this machine shows could send here too.
    if (headers.origin !== undefined || headers["sec-fetch-site"] !== undefined)
      return { status: 403, type: "security_exception", reason: "requests of pages are refused" };
    const { user, password } = this.#options;
    if (user === undefined || password === undefined) return undefined;
    const wanted = `Basic ${Buffer.from(`${user}:${this.#context.readSecret(password)}`).toString("base64")}`;
    if (isSame(headers.authorization ?? "", wanted)) return undefined;
    return { status: 401, type: "security_exception", reason: "user or password are wrong or missing" };
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "" } = request;
    const parts = new URL(request.url ?? "/", "http://metron").pathname
      .split("/")
      .filter((part) => part !== "");
    const [first, second] = parts;
    const isAsked = method === "GET" || method === "HEAD";
    if (isAsked && parts.length === 0)
      return say(response, 200, handshake(this.#options.version, this.#uuid));
    if (isAsked && (first === "_license" || first === "_xpack")) return say(response, 200, LICENSE);
    if (isAsked && (first === "_cat" || first === "_cluster") && second === "health")
      return say(response, 200, { cluster_name: "metron", status: "green", timed_out: false });
    const isSent = method === "POST" || method === "PUT";
    if (isSent && parts.at(-1) === "_bulk")
      return this.#bulk(request, response, parts.length > 1 ? (first ?? "") : "");
    // A document alone: /INDEX/TYPE, /INDEX/_doc/ID, /INDEX/_create/ID.
    if (isSent && first !== undefined && !first.startsWith("_") && (parts.length === 2 || parts.length === 3))
      return this.#single(request, response, { verb: "index", index: first, id: parts[2] });
    const reason = `${method} ${request.url}: Metron takes documents, with _bulk or alone, and nothing else; turn templates, ILM and monitoring of the shipper off`;
    this.#turnDown(response, 404, "resource_not_found_exception", reason);
  }

  async #bulk(request: IncomingMessage, response: ServerResponse, index: string): Promise<void> {
    const started = performance.now();
    const items: ItemAnswer[] = [];
    let hasErrors = false;
    const documents = this.#documents();
    const body = new BulkItems(index, this.#options.maxRecordBytes, (action, document) => {
      if (items.length === MOST_ITEMS)
        throw new BulkError(`the request has more than ${MOST_ITEMS} items; send fewer at a time`);
      const why = whyRefused(action, document);
      if (why === undefined) documents.add(action.index, document);
      else {
        this.#refused++;
        hasErrors = true;
      }
      items.push(why === undefined ? stored(action) : refused(action, why));
    });
    try {
      for await (const chunk of bodyOf(request)) {
        body.push(chunk);
        await documents.pressure();
      }
      body.end();
    } finally {
      // What came before a mistake is durable too: a sender that repeats the request sends it twice.
      await documents.flush();
    }
    say(response, 200, { took: Math.round(performance.now() - started), errors: hasErrors, items });
  }

  async #single(request: IncomingMessage, response: ServerResponse, action: Action): Promise<void> {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const chunk of bodyOf(request)) {
      length += chunk.length;
      if (length > this.#options.maxRecordBytes)
        throw new BulkError(`the document has more than ${this.#options.maxRecordBytes} bytes`);
      parts.push(chunk);
    }
    // A record is one line.
    const document = Buffer.from(Buffer.concat(parts).toString().replaceAll(/\r?\n/g, " ").trim());
    const why = whyRefused(action, document);
    if (why !== undefined) throw new BulkError(why);
    const documents = this.#documents();
    documents.add(action.index, document);
    await documents.flush();
    say(response, 201, stored(action).index ?? {});
  }

  #documents(): Documents {
    const { clock, deliver, sensor } = this.#context;
    return new Documents(clock, async (block) => {
      await deliver(sensor, block);
      this.#records += block.ends.length;
      this.#bytes += block.bytes.length;
    });
  }
}

function whyRefused({ verb }: Action, document: Buffer): string | undefined {
  if (verb === "update" || verb === "delete")
    return `Metron stores what was observed: it takes \`index\` and \`create\`, and no \`${verb}\``;
  if (document.length === 0) return "the document is empty";
  return undefined;
}

/** The body as it was meant: unpacked where it is packed. Throws BulkError when it is too long. */
async function* bodyOf(request: IncomingMessage): AsyncGenerator<Buffer, void> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "gzip" && encoding !== "identity")
    throw new BulkError(`the encoding ${encoding} is not understood; send gzip or none`);
  // A request that is given up with its iterator would take the connection along, and the answer.
  const plain = request.iterator({ destroyOnReturn: false });
  let length = 0;
  for await (const chunk of encoding === "gzip" ? unpacked(request) : plain) {
    length += (chunk as Buffer).length;
    if (length > MOST_BODY_BYTES) throw new BulkError(`the body has more than ${MOST_BODY_BYTES} bytes`);
    yield chunk as Buffer;
  }
}

function unpacked(request: IncomingMessage): AsyncIterable<unknown> {
  const unpacking = createGunzip();
  request.on("error", (error) => unpacking.destroy(error));
  request.on("aborted", () => unpacking.destroy(new Error("the shipper went away")));
  return request.pipe(unpacking);
}

function isOfZlib(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}

/** Compares without telling by the time it takes how much is right. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function say(response: ServerResponse, status: number, answer: object): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(answer);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    // Clients of Elastic want to see this.
    "x-elastic-product": "Elasticsearch",
    ...(status === 401 && { "www-authenticate": 'Basic realm="metron"' }),
  });
  response.end(text);
}
