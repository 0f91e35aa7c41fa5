import type { Seen, Side } from "../reassembly/segment.ts";

/** A stretch of the stream of a side, by position; `end` is exclusive. */
export type Range = { start: number; end: number };

export type Header = { readonly name: string; readonly value: string };

/** How the end of a body is known (RFC 9112, 6.3): there is none, a length, chunks, or the end of the connection. */
export type Framing = "none" | "length" | "chunked" | "close";

/** What a message carries. It is not copied: its ranges are read from the conversation (`viewSide`), gaps included. */
type HttpBody = {
  framing: Framing;
  /** The length that the head tells. */
  declared: number | undefined;
  readonly ranges: Range[];
  /** Bytes of the body that came, what is missing of them included. */
  length: number;
  /** Where bytes are missing: places in the body. */
  readonly holes: Range[];
  /** Bytes at its end that are in no range: it came in too many pieces. */
  leftOut: number;
  /** Whether all of it came: to its told end, without a hole. */
  isComplete: boolean;
};

/** The body of a message whose framing is not known yet. */
export function bodyless(): HttpBody {
  return {
    ...{ framing: "none", declared: undefined, ranges: [], length: 0 },
    ...{ holes: [], leftOut: 0, isComplete: false },
  };
}

/** A request or a response of HTTP/1. Bytes of heads are characters of Latin-1, so that none is lost. */
export type HttpMessage = {
  readonly side: Side;
  readonly kind: "request" | "response";
  /** Where it is in the stream of its side: its first byte, its body, its end. */
  readonly start: number;
  bodyStart: number;
  end: number;
  /** When its first and its last byte were seen. */
  readonly first: Seen;
  last: Seen;
  /** Of a request; empty else. */
  readonly method: string;
  readonly target: string;
  /** Of a response; 0 and empty else. */
  readonly status: number;
  readonly reason: string;
  /** `1.1`; `0.9` where none is told. */
  readonly version: string;
  readonly headers: Header[];
  readonly trailers: Header[];
  readonly body: HttpBody;
  /** What is wrong with it or strange, one sentence each. */
  readonly notes: string[];
};

/** A request and what answered it. Either is missing where it was not captured. */
export type HttpExchange = {
  request: HttpMessage | undefined;
  response: HttpMessage | undefined;
  /** Responses before the final one, such as 100 (Continue). */
  readonly interim: HttpMessage[];
};

/** The value of the first header of a name, which is in lower case. */
export function headerOf(message: HttpMessage, name: string): string | undefined {
  for (const header of message.headers) if (isNamed(header, name)) return header.value;
  return undefined;
}

/** All values of headers of a name, split at commas. */
export function listOf(message: HttpMessage, name: string): string[] {
  const values: string[] = [];
  for (const header of message.headers) {
    if (!isNamed(header, name)) continue;
    for (const value of header.value.split(",")) values.push(value.trim().toLowerCase());
  }
  return values;
}

/** The lengths first: most names differ by them, and a name in lower case is a text of its own. */
function isNamed(header: Header, name: string): boolean {
  return header.name.length === name.length && header.name.toLowerCase() === name;
}
