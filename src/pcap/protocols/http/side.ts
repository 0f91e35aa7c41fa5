/** Reads the messages of HTTP/1 in the stream of a side as it comes; only heads are kept. */
import { ChunkedReader } from "../../content/chunked.ts";
import { bodyless, type HttpMessage } from "../../http/message.ts";
import { readStartLine } from "../../http/start-line.ts";
import type { Side } from "../../reassembly/segment.ts";
import { LineReader } from "../lines.ts";

/** Who is told of the messages of both sides. */
export type SideEvents = {
  /** A head is read: decides how the body is framed. */
  head(message: HttpMessage): void;
  body(side: Side, bytes: Uint8Array, start: number, end: number): void;
  hole(side: Side, length: number): void;
  ended(side: Side): void;
  /** Bytes were passed over in which messages may have been. */
  lost(side: Side): void;
  /** Whether bytes without a head answer a request of HTTP/0.9. */
  isHeadless(side: Side): boolean;
};

type State = "start" | "head" | "length" | "chunked" | "close" | "trailers" | "lost";

/** Headers, and bytes of a head, that are kept. */
const HEADERS_LIMIT = 200;
const HEAD_LIMIT = 65_536;

export class SideReader {
  readonly #side: Side;
  readonly #events: SideEvents;
  readonly #lines = new LineReader();
  #state: State = "start";
  #message: HttpMessage | undefined;
  #remaining = 0;
  #headBytes = 0;
  #chunks: ChunkedReader | undefined;

  constructor(side: Side, events: SideEvents) {
    this.#side = side;
    this.#events = events;
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    if (this.#state === "start" && this.#message === undefined && this.#events.isHeadless(this.#side)) {
      this.#message = messageOf(this.#side, { kind: "response", status: 0, reason: "", version: "0.9" });
      this.#headEnds(this.#message);
    }
    for (let at = start; at < end; ) {
      if (this.#state === "length") {
        const size = Math.min(this.#remaining, end - at);
        this.#events.body(this.#side, bytes, at, at + size);
        at += size;
        this.#remaining -= size;
        if (this.#remaining === 0) this.#finish();
      } else if (this.#state === "close") {
        this.#events.body(this.#side, bytes, at, end);
        at = end;
      } else if (this.#state === "chunked") at = this.#chunk(bytes, at, end);
      else {
        at = this.#lines.take(bytes, at, end);
        if (this.#lines.line !== undefined) this.#line(this.#lines.line);
      }
    }
  }

  gap(length: number): void {
    if (this.#state === "close" || (this.#state === "length" && length <= this.#remaining)) {
      this.#events.hole(this.#side, length);
      this.#remaining -= length;
      if (this.#state === "length" && this.#remaining === 0) this.#finish();
    } else if (this.#state === "chunked" && this.#chunks?.skip(length) === true)
      this.#events.hole(this.#side, length);
    else this.#lose();
  }

  end(): void {
    if (this.#message !== undefined && this.#state === "head") this.#events.head(this.#message);
    this.#finish();
  }

  /** Bytes of a head that is not whole. */
  held(): number {
    return this.#lines.held() + this.#headBytes;
  }

  #finish(): void {
    this.#state = "start";
    this.#chunks = undefined;
    if (this.#message === undefined) return;
    this.#message = undefined;
    this.#events.ended(this.#side);
  }

  #lose(): void {
    this.#finish();
    this.#lines.lose();
    this.#state = "lost";
    this.#events.lost(this.#side);
  }

  #headEnds(head: HttpMessage): void {
    this.#headBytes = 0;
    this.#events.head(head);
    const { framing, declared } = head.body;
    if (framing === "none") {
      this.#finish();
      return;
    }
    this.#state = framing;
    this.#remaining = declared ?? 0;
    if (framing === "chunked") this.#chunks = new ChunkedReader();
  }

  #chunk(bytes: Uint8Array, at: number, end: number): number {
    const chunks = this.#chunks;
    if (chunks === undefined) return end;
    const behind = chunks.push(bytes, at, end, (from, to) => this.#events.body(this.#side, bytes, from, to));
    if (chunks.isDone) this.#state = "trailers";
    else if (chunks.broken !== undefined) this.#lose();
    return behind;
  }

  #line(text: string): void {
    if (this.#message === undefined) {
      if (text !== "") this.#begin(text);
    } else if (text === "") {
      if (this.#state === "trailers") this.#finish();
      else this.#headEnds(this.#message);
    } else {
      this.#headBytes += text.length;
      if (this.#state === "head" && this.#headBytes <= HEAD_LIMIT) addHeader(this.#message, text);
    }
  }

  #begin(text: string): void {
    const read = readStartLine(text);
    if (read === undefined || (this.#state === "lost" && read.version === "0.9")) {
      this.#state = "lost";
      return;
    }
    this.#message = messageOf(this.#side, read);
    this.#headBytes = text.length;
    this.#state = "head";
    if (read.version === "0.9") this.#headEnds(this.#message);
  }
}

function addHeader({ headers }: HttpMessage, text: string): void {
  const last = headers.at(-1);
  if ((text.startsWith(" ") || text.startsWith("\t")) && last !== undefined) {
    // A line that goes on with the one before (RFC 9112, 5.2); such lines together are no longer than one may be.
    if (last.value.length < 16_384)
      headers[headers.length - 1] = { name: last.name, value: `${last.value} ${text.trim()}` };
    return;
  }
  const colon = text.indexOf(":");
  if (colon > 0 && headers.length < HEADERS_LIMIT)
    headers.push({ name: text.slice(0, colon).trimEnd(), value: text.slice(colon + 1).trim() });
}

type StartLine = NonNullable<ReturnType<typeof readStartLine>>;

function messageOf(side: Side, line: StartLine): HttpMessage {
  const nowhere = { micros: 0, nanos: 0, packet: 0 };
  return {
    side,
    kind: line.kind,
    start: 0,
    bodyStart: 0,
    end: 0,
    first: nowhere,
    last: nowhere,
    method: line.kind === "request" ? line.method : "",
    target: line.kind === "request" ? line.target : "",
    status: line.kind === "request" ? 0 : line.status,
    reason: line.kind === "request" ? "" : line.reason,
    version: line.version,
    headers: [],
    trailers: [],
    body: bodyless(),
    notes: [],
  };
}
