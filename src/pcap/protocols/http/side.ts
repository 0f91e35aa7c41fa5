/** Reads the messages of HTTP/1 in the stream of a side as it comes; only heads are kept. */
import { ChunkedReader } from "../../content/chunked.ts";
import { bodyless, type HttpMessage } from "../../http/message.ts";
import { readStartLine } from "../../http/start-line.ts";
import type { Side } from "../../reassembly/segment.ts";
import { lineReader } from "../lines.ts";

export type SideEvents = {
  /** A head is read: decides how the body is framed. */
  head(message: HttpMessage): void;
  body(bytes: Uint8Array, start: number, end: number): void;
  hole(length: number): void;
  end(): void;
  /** Bytes were passed over in which messages may have been. */
  lost(): void;
  /** Whether bytes without a head answer a request of HTTP/0.9. */
  isHeadless(): boolean;
};

type State = "start" | "head" | "length" | "chunked" | "close" | "trailers" | "lost";

/** Headers, and bytes of a head, that are kept. */
const HEADERS_LIMIT = 200;
const HEAD_LIMIT = 65_536;

export type SideReader = {
  data(bytes: Uint8Array, start: number, end: number): void;
  gap(length: number): void;
  end(): void;
  /** Bytes of a head that is not whole. */
  held(): number;
};

export function readSide(side: Side, events: SideEvents): SideReader {
  const lines = lineReader();
  let state: State = "start";
  let message: HttpMessage | undefined;
  let remaining = 0;
  let headBytes = 0;
  let chunks = new ChunkedReader();

  const finish = () => {
    state = "start";
    if (message === undefined) return;
    message = undefined;
    events.end();
  };
  const lose = () => {
    finish();
    lines.lose();
    state = "lost";
    events.lost();
  };
  const headEnds = (head: HttpMessage) => {
    headBytes = 0;
    events.head(head);
    const { framing, declared } = head.body;
    if (framing === "none") return finish();
    state = framing;
    remaining = declared ?? 0;
    chunks = new ChunkedReader();
  };
  const line = (text: string) => {
    if (message === undefined) {
      if (text === "") return;
      const read = readStartLine(text);
      if (read === undefined || (state === "lost" && read.version === "0.9")) {
        state = "lost";
        return;
      }
      message = messageOf(side, read);
      headBytes = text.length;
      state = "head";
      if (read.version === "0.9") headEnds(message);
      return;
    }
    if (text === "") {
      if (state === "trailers") finish();
      else headEnds(message);
      return;
    }
    headBytes += text.length;
    if (state === "head" && headBytes <= HEAD_LIMIT) addHeader(message, text);
  };

  return {
    held: () => lines.held() + headBytes,
    data(bytes, start, end) {
      if (state === "start" && message === undefined && events.isHeadless()) {
        message = messageOf(side, { kind: "response", status: 0, reason: "", version: "0.9" });
        headEnds(message);
      }
      for (let at = start; at < end; ) {
        if (state === "length") {
          const size = Math.min(remaining, end - at);
          events.body(bytes, at, at + size);
          at += size;
          remaining -= size;
          if (remaining === 0) finish();
        } else if (state === "close") {
          events.body(bytes, at, end);
          at = end;
        } else if (state === "chunked") {
          at = chunks.push(bytes, at, end, (from, to) => events.body(bytes, from, to));
          if (chunks.isDone) state = "trailers";
          else if (chunks.broken !== undefined) lose();
        } else {
          at = lines.take(bytes, at, end);
          if (lines.line !== undefined) line(lines.line);
        }
      }
    },
    gap(length) {
      if (state === "close" || (state === "length" && length <= remaining)) {
        events.hole(length);
        remaining -= length;
        if (state === "length" && remaining === 0) finish();
      } else if (state === "chunked" && chunks.skip(length)) events.hole(length);
      else lose();
    },
    end() {
      if (message !== undefined && state === "head") events.head(message);
      finish();
    },
  };
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
