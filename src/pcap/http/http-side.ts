import { ChunkedReader } from "../content/chunked.ts";
import type { Seen, Side } from "../reassembly/segment.ts";
import { bodyless, type Header, type HttpMessage } from "./message.ts";
import { readStartLine, type StartLine } from "./start-line.ts";

/** Longest header, folded lines included, and most headers of a head that are kept; what is more is passed over with a note. */
const LINE_LIMIT = 65_536;
const HEADER_LIMIT = 1_000;
/** Most ranges that a body keeps: chunks of one byte each must not fill the memory. */
const RANGE_LIMIT = 1_000_000;

/** Most notes of the head of a message. */
const NOTE_LIMIT = 100;
const CUT_HEADER = `a header is longer than ${LINE_LIMIT} bytes and was cut`;

const LINE_FEED = 10;

/** What is read next. In `lost`, the next line that begins a message is looked for. */
type State = "start" | "head" | "length" | "chunked" | "close" | "trailers" | "lost" | "other";

export type HttpSideEvents = {
  /** A head is read: decides the framing of the message, and tells whether the side is another protocol's behind it. */
  head(message: HttpMessage): void;
  /** Bytes were passed over in which messages may have been. */
  lost(side: Side): void;
};

/** Reads the messages in the stream of one side, as it comes. */
export class HttpSide {
  readonly #side: Side;
  readonly #events: HttpSideEvents;
  #state: State = "start";
  #line = "";
  #lineLength = 0;
  #lineStart = 0;
  #message: HttpMessage | undefined;
  #remaining = 0;
  #chunks: ChunkedReader | undefined;
  #lineFirst: Seen | undefined;
  #handOver = false;
  /** Whether headers are passed over because there are too many; lines that go on with them are too. */
  #isPassing = false;
  /** Where another protocol begins, and where bytes were passed over because they are of no message. */
  other: number | undefined;
  readonly skipped: { start: number; end: number }[] = [];

  constructor(side: Side, events: HttpSideEvents) {
    this.#side = side;
    this.#events = events;
  }

  /** Reads no messages behind the one that is being read, or from here on. */
  handOver(position: number): void {
    this.#handOver = true;
    if (this.#message === undefined && this.#state !== "other") {
      this.#state = "other";
      this.other = this.#lineLength > 0 ? this.#lineStart : position;
    }
  }

  /** Takes all that comes for the body of a response without a head (HTTP/0.9), unless a message has begun. */
  beginHeadless(position: number, seen: Seen): void {
    if (this.#message !== undefined || this.#state === "other" || this.#lineLength > 0) return;
    const line: StartLine = { kind: "response", status: 0, reason: "", version: "0.9" };
    this.#message = begin(this.#side, line, position, position, seen, seen);
    this.#headEnds(position, seen);
  }

  data(bytes: Uint8Array, position: number, seen: Seen): void {
    // Behind missing bytes a message may begin with a packet rather than with a line.
    if (this.#state === "lost" && this.#lineLength > 0 && beginsMessage(bytes))
      this.#lose(this.#lineStart, position);
    for (let at = 0; at < bytes.length; ) {
      const here = position + at;
      switch (this.#state) {
        case "other":
          return;
        case "length": {
          const taken = Math.min(this.#remaining, bytes.length - at);
          this.#take(here, taken);
          at += taken;
          this.#remaining -= taken;
          if (this.#remaining === 0) this.#finish(here + taken, seen, true);
          break;
        }
        case "close":
          this.#take(here, bytes.length - at);
          at = bytes.length;
          break;
        case "chunked":
          at = this.#chunk(bytes, at, position, seen);
          break;
        default:
          at = this.#readLine(bytes, at, position, seen);
      }
      if (this.#message !== undefined) this.#message.last = seen;
    }
  }

  gap(position: number, length: number, seen: Seen): void {
    const message = this.#message;
    const end = position + length;
    switch (this.#state) {
      case "other":
        return;
      case "length":
      case "close": {
        const missing = this.#state === "close" ? length : Math.min(length, this.#remaining);
        this.#hole(position, missing);
        this.#remaining -= missing;
        if (this.#state === "length" && this.#remaining === 0) this.#finish(position + missing, seen, false);
        if (missing === length) return;
        break;
      }
      case "chunked":
        if (this.#chunks?.skip(length)) {
          this.#hole(position, length);
          return;
        }
        this.#hole(position, length);
        message?.notes.push(
          `${length} bytes are missing at ${position}, so where its chunks end is not known`,
        );
        break;
      case "head":
      case "trailers":
        message?.notes.push(`${length} bytes of its head are missing at ${position}`);
        this.#headIsCut();
        break;
      default:
    }
    if (this.#message !== undefined) this.#finish(end, seen, false);
    this.#lose(position, end);
    this.#events.lost(this.#side);
  }

  /** The stream is over. `isWhole` when it was ended by its side (FIN). */
  end(position: number, seen: Seen, isWhole: boolean): void {
    if (this.#message === undefined) return;
    const isClose = this.#state === "close";
    this.#headIsCut();
    if (!isClose) this.#message.notes.push("the connection ended in the middle of it");
    this.#finish(position, seen, isClose && isWhole);
  }

  #chunk(bytes: Uint8Array, at: number, position: number, seen: Seen): number {
    const chunks = this.#chunks!;
    const stopped = chunks.push(bytes, at, bytes.length, (start, end) =>
      this.#take(position + start, end - start),
    );
    if (chunks.isDone) this.#state = "trailers";
    else if (chunks.broken !== undefined) {
      this.#message?.notes.push(`${chunks.broken}, at ${position + stopped}`);
      this.#finish(position + stopped, seen, false);
      this.#lose(position + stopped, position + stopped);
      this.#events.lost(this.#side);
    }
    return stopped;
  }

  #readLine(bytes: Uint8Array, at: number, position: number, seen: Seen): number {
    if (this.#lineLength === 0) {
      this.#lineStart = position + at;
      this.#lineFirst = seen;
    }
    const feed = bytes.indexOf(LINE_FEED, at);
    const end = feed < 0 ? bytes.length : feed;
    const room = LINE_LIMIT - this.#line.length;
    if (room > 0) this.#line += latin1(bytes, at, Math.min(end, at + room));
    this.#lineLength += end - at + (feed < 0 ? 0 : 1);
    if (feed < 0) {
      // What begins like no message is not kept to see how it goes on.
      if (this.#state === "start" && this.#line.length >= LINE_LIMIT) this.#state = "lost";
      return end;
    }
    const line = this.#line.endsWith("\r") ? this.#line.slice(0, -1) : this.#line;
    const isCut = this.#lineLength > LINE_LIMIT + 2;
    this.#line = "";
    this.#lineLength = 0;
    const behind = position + feed + 1;
    if (this.#state === "start" || this.#state === "lost") this.#start(line, behind, seen);
    else this.#headLine(line, isCut, behind, seen);
    return feed + 1;
  }

  #start(line: string, behind: number, seen: Seen): void {
    // Empty lines before a message are allowed (RFC 9112, 2.2).
    if (line === "" && this.#state === "start") return;
    const read = readStartLine(line);
    if (read === undefined || (this.#state === "lost" && read.version === "0.9")) {
      this.#lose(this.#lineStart, behind);
      return;
    }
    this.#message = begin(this.#side, read, this.#lineStart, behind, this.#lineFirst ?? seen, seen);
    this.#state = "head";
    if (read.version === "0.9") this.#headEnds(behind, seen);
  }

  #headLine(line: string, isCut: boolean, behind: number, seen: Seen): void {
    const message = this.#message!;
    if (line === "") {
      if (this.#state === "trailers") this.#finish(behind, seen, true);
      else this.#headEnds(behind, seen);
      return;
    }
    const headers = this.#state === "trailers" ? message.trailers : message.headers;
    if (isCut) this.#note(CUT_HEADER);
    if (line.startsWith(" ") || line.startsWith("\t")) {
      const last = headers.at(-1);
      if (last !== undefined && !this.#isPassing)
        headers[headers.length - 1] = this.#folded(last, line.trim());
      return;
    }
    this.#isPassing = headers.length === HEADER_LIMIT;
    if (this.#isPassing) {
      this.#note(`it has more than ${HEADER_LIMIT} headers`);
      return;
    }
    const colon = line.indexOf(":");
    if (colon < 0) this.#note(`a line of its head is no header: ${line.slice(0, 40)}`);
    else headers.push({ name: line.slice(0, colon).trimEnd(), value: line.slice(colon + 1).trim() });
  }

  /**
   * A header with a line that goes on with it (obs-fold; RFC 9112, 5.2). It must cost no more than the line: a reader that flattens or copies the
   * value for each of a million lines never ends.
   */
  #folded({ name, value }: Header, more: string): Header {
    if (more === "") return { name, value };
    if (value === "") return { name, value: more };
    const room = LINE_LIMIT - value.length - 1;
    if (more.length > room) this.#note(CUT_HEADER);
    return { name, value: room <= 0 ? value : `${value} ${more.slice(0, room)}` };
  }

  /** Notes what is strange of a head, once, and not without end. */
  #note(note: string): void {
    const notes = this.#message?.notes;
    if (notes !== undefined && notes.length < NOTE_LIMIT && !notes.includes(note)) notes.push(note);
  }

  #headEnds(behind: number, seen: Seen): void {
    const message = this.#message!;
    message.bodyStart = behind;
    message.end = behind;
    this.#events.head(message);
    const { framing, declared } = message.body;
    if (framing === "none") this.#finish(behind, seen, true);
    else {
      this.#state = framing;
      this.#remaining = declared ?? 0;
      this.#chunks = framing === "chunked" ? new ChunkedReader() : undefined;
    }
  }

  /** Tells of a message whose head does not end. */
  #headIsCut(): void {
    if (this.#state !== "head" || this.#message === undefined) return;
    this.#events.head(this.#message);
    this.#message.body.framing = "none";
  }

  #take(position: number, length: number): void {
    const message = this.#message;
    if (message === undefined || length === 0) return;
    const { ranges } = message.body;
    const last = ranges.at(-1);
    message.body.length += length;
    message.end = position + length;
    if (last !== undefined && last.end === position) last.end += length;
    else if (ranges.length < RANGE_LIMIT) ranges.push({ start: position, end: position + length });
    else message.body.leftOut += length;
  }

  #hole(position: number, length: number): void {
    const body = this.#message?.body;
    if (body === undefined || length === 0) return;
    body.holes.push({ start: body.length, end: body.length + length });
    this.#take(position, length);
  }

  #finish(end: number, seen: Seen, isWhole: boolean): void {
    const message = this.#message!;
    const { body } = message;
    message.end = end;
    message.last = seen;
    body.isComplete = isWhole && body.holes.length === 0 && body.leftOut === 0;
    if (body.leftOut > 0)
      message.notes.push(
        `its body comes in more than ${RANGE_LIMIT} pieces: the last ${body.leftOut} of its ${body.length} bytes are left out`,
      );
    this.#message = undefined;
    this.#chunks = undefined;
    this.#line = "";
    this.#lineLength = 0;
    this.#state = "start";
    if (this.#handOver) {
      this.#state = "other";
      this.other = end;
    }
  }

  #lose(start: number, end: number): void {
    this.#line = "";
    this.#lineLength = 0;
    if (this.#state === "other") return;
    this.#state = "lost";
    const last = this.skipped.at(-1);
    if (last !== undefined && last.end === start) last.end = end;
    else if (end > start && this.skipped.length < 10_000) this.skipped.push({ start, end });
  }
}

function begin(
  side: Side,
  line: StartLine,
  start: number,
  bodyStart: number,
  first: Seen,
  last: Seen,
): HttpMessage {
  const isRequest = line.kind === "request";
  return {
    side,
    kind: line.kind,
    start,
    bodyStart,
    end: bodyStart,
    first: seenOf(first),
    last: seenOf(last),
    method: isRequest ? line.method : "",
    target: isRequest ? line.target : "",
    status: isRequest ? 0 : line.status,
    reason: isRequest ? "" : line.reason,
    version: line.version,
    headers: [],
    trailers: [],
    body: bodyless(),
    notes: [],
  };
}

function beginsMessage(bytes: Uint8Array): boolean {
  const feed = bytes.indexOf(LINE_FEED);
  if (feed < 0 || feed > LINE_LIMIT) return false;
  const line = readStartLine(latin1(bytes, 0, feed).trimEnd());
  return line !== undefined && line.version !== "0.9";
}

const seenOf = ({ micros, nanos, packet }: Seen): Seen => ({ micros, nanos, packet });

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}
