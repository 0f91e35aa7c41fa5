/** HTTP/1, as Zeek's http.log and files.log tell it. Content codings are left as they are: hashes are of what was sent. */
import { frame, handsOver } from "../../http/framing.ts";
import { type HttpMessage, headerOf } from "../../http/message.ts";
import { readStartLine } from "../../http/start-line.ts";
import { fileNameOf } from "../../objects/disposition.ts";
import type { Side } from "../../reassembly/segment.ts";
import { type FileReader, openFile } from "../file.ts";
import type { FlowContext, StreamProtocol } from "../protocol.ts";
import { textOfLatin1 } from "../text.ts";
import { readSide } from "./side.ts";

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
  open: openHttp,
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

function openHttp(flow: FlowContext) {
  /** Exchanges whose response has not ended, in the order of their requests. */
  const pending: Exchange[] = [];
  /** What each side is saying: the exchange, and where its body goes. */
  const saying: [Exchange | undefined, Exchange | undefined] = [undefined, undefined];
  const part: [0 | 1, 0 | 1] = [0, 1];
  let depth = 0;
  let files = 0;

  const begin = (request: HttpMessage | undefined): Exchange => {
    if (pending.length >= MOST_PENDING) write(pending.shift());
    const exchange: Exchange = {
      micros: flow.now(),
      depth: ++depth,
      request,
      response: undefined,
      interim: undefined,
      bodies: [undefined, undefined],
    };
    pending.push(exchange);
    return exchange;
  };
  const head = (message: HttpMessage) => {
    flow.speaks("http");
    const { side } = message;
    if (message.kind === "request") {
      frame(message, undefined);
      saying[side] = begin(message);
      part[side] = 0;
      return;
    }
    const exchange = pending.find(({ response }) => response === undefined) ?? begin(undefined);
    frame(message, exchange.request);
    part[side] = 1;
    saying[side] = exchange;
    if (message.status >= 100 && message.status < 200 && message.status !== 101) {
      exchange.interim = message;
      return;
    }
    exchange.response = message;
    if (handsOver(message, exchange.request)) flow.restart();
  };
  const bodyOf = (side: Side): Body | undefined => {
    const exchange = saying[side];
    if (exchange === undefined) return undefined;
    const existing = exchange.bodies[part[side]];
    if (existing !== undefined) return existing;
    const message = part[side] === 0 ? exchange.request : exchange.response;
    const filename = message && fileNameOf(headerOf(message, "content-disposition") ?? "");
    const total = message?.body.framing === "length" ? message.body.declared : undefined;
    const file = openFile({ flow, side, source: "HTTP", number: files++, filename, total });
    const body = { file, filename, length: 0, mimeType: undefined, isWritten: false };
    exchange.bodies[part[side]] = body;
    return body;
  };
  const end = (side: Side) => {
    const exchange = saying[side];
    saying[side] = undefined;
    if (exchange === undefined) return;
    endBody(exchange.bodies[part[side]]);
    if (part[side] === 0 || exchange.response === undefined) return;
    pending.splice(pending.indexOf(exchange), 1);
    write(exchange);
  };
  const write = (exchange: Exchange | undefined) => {
    if (exchange === undefined) return;
    const { request, response, interim, bodies } = exchange;
    const [sent, received] = bodies;
    const header = (message: HttpMessage | undefined, name: string) => {
      const value = message && headerOf(message, name);
      return value === undefined ? undefined : textOfLatin1(value);
    };
    const proxied = request?.headers.filter(({ name }) => PROXY_HEADERS.has(name.toLowerCase()));
    flow.write("http", exchange.micros, {
      trans_depth: exchange.depth,
      method: request?.method,
      host: header(request, "host")?.replace(/:\d+$/, ""),
      uri: request && textOfLatin1(request.target),
      referrer: header(request, "referer"),
      version: (request ?? response)?.version,
      user_agent: header(request, "user-agent"),
      origin: header(request, "origin"),
      request_body_len: sent?.length ?? 0,
      response_body_len: received?.length ?? 0,
      status_code: response === undefined || response.status === 0 ? undefined : response.status,
      status_msg: response && response.reason !== "" ? textOfLatin1(response.reason) : undefined,
      info_code: interim?.status,
      info_msg: interim && textOfLatin1(interim.reason),
      username: userOf(request && headerOf(request, "authorization")),
      proxied:
        proxied && proxied.length > 0
          ? proxied.map(({ name, value }) => `${name.toUpperCase()} -> ${textOfLatin1(value)}`)
          : undefined,
      ...fileFields("orig", sent),
      ...fileFields("resp", received),
    });
  };

  const sides = ([0, 1] as const).map((side) =>
    readSide(side, {
      head,
      body: (bytes, start, stop) => bodyOf(side)?.file.data(bytes, start, stop),
      hole: (length) => bodyOf(side)?.file.gap(length),
      end: () => end(side),
      lost() {
        // Responses may be among the lost bytes, so those that come later answer later requests.
        if (part[side] === 1) for (const exchange of pending.splice(0)) write(exchange);
      },
      isHeadless: () => {
        const [asked] = pending;
        return (
          asked?.request?.version === "0.9" && asked.request.side !== side && asked.response === undefined
        );
      },
    }),
  );
  return {
    data: (side: Side, bytes: Uint8Array, start: number, stop: number) =>
      sides[side]?.data(bytes, start, stop),
    gap: (side: Side, length: number) => sides[side]?.gap(length),
    // Heads that wait for their answers are kept too.
    held: () => pending.length * 1_024 + sides.reduce((sum, side) => sum + side.held(), 0),
    end() {
      for (const side of sides) side.end();
      for (const exchange of pending.splice(0)) write(exchange);
    },
  };
}

function endBody(body: Body | undefined): void {
  if (body === undefined) return;
  const { length, mimeType, isWritten } = body.file.end();
  body.length = length;
  body.mimeType = mimeType;
  body.isWritten = isWritten;
}

function fileFields(who: "orig" | "resp", body: Body | undefined) {
  if (body?.isWritten !== true) return {};
  return {
    [`${who}_fuids`]: [body.file.fuid],
    [`${who}_filenames`]: body.filename === undefined ? undefined : [body.filename],
    [`${who}_mime_types`]: body.mimeType === undefined ? undefined : [body.mimeType],
  };
}

/** The user of Basic authentication (RFC 7617); the password is not told. */
function userOf(authorization: string | undefined): string | undefined {
  const encoded = /^basic\s+([A-Za-z0-9+/=]+)/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const [user] = Buffer.from(encoded, "base64").toString("latin1").split(":", 1);
  return user === undefined || user === "" ? undefined : textOfLatin1(user);
}
