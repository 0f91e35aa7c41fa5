/** HTTP/1, as Zeek's http.log and files.log tell it. Content codings are left as they are: hashes are of what was sent. */
import { frame, handsOver } from "../../http/framing.ts";
import { type HttpMessage, headerOf } from "../../http/message.ts";
import { readStartLine } from "../../http/start-line.ts";
import { fileNameOf } from "../../objects/disposition.ts";
import type { Side } from "../../reassembly/segment.ts";
import { FileReader } from "../file.ts";
import type { FlowContext, StreamProtocol, StreamReader } from "../protocol.ts";
import { textOfLatin1 } from "../text.ts";
import { type SideEvents, SideReader } from "./side.ts";

/** Requests that wait for their answers; of more, the first is written without one. */
const MOST_PENDING = 128;
const LINE_FEED = 10;
const PROXY_HEADERS: ReadonlySet<string> = new Set([
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-from",
  "client-ip",
  "via",
  "xroxy-connection",
  "proxy-connection",
]);

/** A body: its file and what is known of it once it has ended. */
type Body = {
  readonly file: FileReader;
  readonly filename: string | undefined;
  length: number;
  mimeType: string | undefined;
  isWritten: boolean;
};

type Exchange = {
  readonly micros: number;
  readonly depth: number;
  request: HttpMessage | undefined;
  response: HttpMessage | undefined;
  interim: HttpMessage | undefined;
  bodies: [Body | undefined, Body | undefined];
};

export const http: StreamProtocol = {
  tells({ heads }) {
    const [one, other] = [beginOf(heads[0]), beginOf(heads[1])];
    if (one === "message" || other === "message") return true;
    if (one === "old") return heads[1].length === 0;
    return one === "none" || (one === "empty" && other === "none") ? false : undefined;
  },
  open: (flow) => new HttpReader(flow),
};

/** What a side begins with: a message, a request of HTTP/0.9, perhaps one, nothing yet, or something else. */
function beginOf(head: Uint8Array): "message" | "old" | "perhaps" | "empty" | "none" {
  if (head.length === 0) return "empty";
  const feed = head.indexOf(LINE_FEED);
  const text = Buffer.from(head.subarray(0, feed < 0 ? head.length : feed)).toString("latin1");
  if (feed < 0) {
    if (
      /^(?:GET|POST|HEAD|PUT|OPTIONS|PROPFIND|DELETE|PATCH|CONNECT) [/h*\w]/.test(text) &&
      text.length > 200
    )
      return "message";
    return /^(?:HTTP\/[\d. ]*|H|HT|HTT|HTTP|[A-Za-z_-]{1,20}(?: .*)?)/.test(text) ? "perhaps" : "none";
  }
  const line = readStartLine(text.trimEnd());
  if (line === undefined) return "none";
  if (line.version !== "0.9") return "message";
  return line.kind === "request" && /^(?:GET|POST|HEAD)$/.test(line.method) ? "old" : "none";
}

/**
 * Reads both sides. A class, as there is one for each of 100,000 connections: functions of its own for each cost many times the memory, and
 * much of the time that clears it up.
 */
class HttpReader implements StreamReader, SideEvents {
  readonly #flow: FlowContext;
  readonly #client = new SideReader(0, this);
  readonly #server = new SideReader(1, this);
  /** Exchanges whose response has not ended, in the order of their requests. */
  readonly #pending: Exchange[] = [];
  /** What each side is saying: the exchange, and where its body goes. */
  readonly #saying: [Exchange | undefined, Exchange | undefined] = [undefined, undefined];
  readonly #part: [0 | 1, 0 | 1] = [0, 1];
  #depth = 0;
  #files = 0;

  constructor(flow: FlowContext) {
    this.#flow = flow;
  }

  data(side: Side, bytes: Uint8Array, start: number, stop: number): void {
    (side === 0 ? this.#client : this.#server).data(bytes, start, stop);
  }

  gap(side: Side, length: number): void {
    (side === 0 ? this.#client : this.#server).gap(length);
  }

  // Heads that wait for their answers are kept too.
  held(): number {
    return this.#pending.length * 1_024 + this.#client.held() + this.#server.held();
  }

  end(): void {
    this.#client.end();
    this.#server.end();
    this.#writePending();
  }

  head(message: HttpMessage): void {
    this.#flow.speaks("http");
    const { side } = message;
    if (message.kind === "request") {
      frame(message, undefined);
      this.#saying[side] = this.#begin(message);
      this.#part[side] = 0;
      return;
    }
    const exchange = this.#pending.find(({ response }) => response === undefined) ?? this.#begin(undefined);
    frame(message, exchange.request);
    this.#part[side] = 1;
    this.#saying[side] = exchange;
    if (message.status >= 100 && message.status < 200 && message.status !== 101) {
      exchange.interim = message;
      return;
    }
    exchange.response = message;
    if (handsOver(message, exchange.request)) this.#flow.restart();
  }

  body(side: Side, bytes: Uint8Array, start: number, stop: number): void {
    this.#bodyOf(side)?.file.data(bytes, start, stop);
  }

  hole(side: Side, length: number): void {
    this.#bodyOf(side)?.file.gap(length);
  }

  ended(side: Side): void {
    const exchange = this.#saying[side];
    this.#saying[side] = undefined;
    if (exchange === undefined) return;
    endBody(exchange.bodies[this.#part[side]]);
    if (this.#part[side] === 0 || exchange.response === undefined) return;
    this.#pending.splice(this.#pending.indexOf(exchange), 1);
    this.#write(exchange);
  }

  lost(side: Side): void {
    // Responses may be among the lost bytes, so those that come later answer later requests.
    if (this.#part[side] === 1) this.#writePending();
  }

  isHeadless(side: Side): boolean {
    const asked = this.#pending[0];
    return asked?.request?.version === "0.9" && asked.request.side !== side && asked.response === undefined;
  }

  #begin(request: HttpMessage | undefined): Exchange {
    const oldest = this.#pending.length >= MOST_PENDING ? this.#pending.shift() : undefined;
    if (oldest !== undefined) this.#write(oldest);
    const exchange: Exchange = {
      micros: this.#flow.now(),
      depth: ++this.#depth,
      request,
      response: undefined,
      interim: undefined,
      bodies: [undefined, undefined],
    };
    this.#pending.push(exchange);
    return exchange;
  }

  #bodyOf(side: Side): Body | undefined {
    const exchange = this.#saying[side];
    if (exchange === undefined) return undefined;
    const part = this.#part[side];
    const existing = exchange.bodies[part];
    if (existing !== undefined) return existing;
    const message = part === 0 ? exchange.request : exchange.response;
    const disposition = message && headerOf(message, "content-disposition");
    const filename = disposition === undefined ? undefined : fileNameOf(disposition);
    const total = message?.body.framing === "length" ? message.body.declared : undefined;
    const flow = this.#flow;
    const file = new FileReader({ flow, side, source: "HTTP", number: this.#files++, filename, total });
    const body = { file, filename, length: 0, mimeType: undefined, isWritten: false };
    exchange.bodies[part] = body;
    return body;
  }

  #writePending(): void {
    for (const exchange of this.#pending.splice(0)) this.#write(exchange);
  }

  #write({ micros, depth, request, response, interim, bodies }: Exchange): void {
    const [sent, received] = bodies;
    this.#flow.write("http", micros, {
      trans_depth: depth,
      method: request?.method,
      host: textOfHeader(request, "host")?.replace(/:\d+$/, ""),
      uri: request && textOfLatin1(request.target),
      referrer: textOfHeader(request, "referer"),
      version: (request ?? response)?.version,
      user_agent: textOfHeader(request, "user-agent"),
      origin: textOfHeader(request, "origin"),
      request_body_len: sent?.length ?? 0,
      response_body_len: received?.length ?? 0,
      status_code: response === undefined || response.status === 0 ? undefined : response.status,
      status_msg: response && response.reason !== "" ? textOfLatin1(response.reason) : undefined,
      info_code: interim?.status,
      info_msg: interim && textOfLatin1(interim.reason),
      username: userOf(request && headerOf(request, "authorization")),
      proxied: proxiesOf(request),
      orig_fuids: sent?.isWritten === true ? [sent.file.fuid] : undefined,
      orig_filenames: filenamesOf(sent),
      orig_mime_types: mimeTypesOf(sent),
      resp_fuids: received?.isWritten === true ? [received.file.fuid] : undefined,
      resp_filenames: filenamesOf(received),
      resp_mime_types: mimeTypesOf(received),
    });
  }
}

function endBody(body: Body | undefined): void {
  if (body === undefined) return;
  const { length, mimeType, isWritten } = body.file.end();
  body.length = length;
  body.mimeType = mimeType;
  body.isWritten = isWritten;
}

function filenamesOf(body: Body | undefined): string[] | undefined {
  return body?.isWritten === true && body.filename !== undefined ? [body.filename] : undefined;
}

function mimeTypesOf(body: Body | undefined): string[] | undefined {
  return body?.isWritten === true && body.mimeType !== undefined ? [body.mimeType] : undefined;
}

function textOfHeader(message: HttpMessage | undefined, name: string): string | undefined {
  const value = message && headerOf(message, name);
  return value === undefined ? undefined : textOfLatin1(value);
}

function proxiesOf(request: HttpMessage | undefined): string[] | undefined {
  let proxies: string[] | undefined;
  for (const { name, value } of request?.headers ?? [])
    if (PROXY_HEADERS.has(name.toLowerCase())) {
      proxies ??= [];
      proxies.push(`${name.toUpperCase()} -> ${textOfLatin1(value)}`);
    }
  return proxies;
}

/** The user of Basic authentication (RFC 7617); the password is not told. */
function userOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const encoded = /^basic\s+([A-Za-z0-9+/=]+)/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const [user] = Buffer.from(encoded, "base64").toString("latin1").split(":", 1);
  return user === undefined || user === "" ? undefined : textOfLatin1(user);
}
