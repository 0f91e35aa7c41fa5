import { type Cursor, group, left, raw, rest, text } from "../cursor.ts";
import type { Step } from "../step.ts";
import { lineEnd } from "./lines.ts";

/** Fields of headers that have a name of their own to search for. */
const HEADERS: Readonly<Record<string, string>> = {
  accept: "http.accept",
  "accept-encoding": "http.accept_encoding",
  "accept-language": "http.accept_language",
  authorization: "http.authorization",
  "cache-control": "http.cache_control",
  connection: "http.connection",
  "content-encoding": "http.content_encoding",
  "content-length": "http.content_length_header",
  "content-type": "http.content_type",
  cookie: "http.cookie",
  date: "http.date",
  host: "http.host",
  "last-modified": "http.last_modified",
  location: "http.location",
  referer: "http.referer",
  server: "http.server",
  "set-cookie": "http.set_cookie",
  "transfer-encoding": "http.transfer_encoding",
  upgrade: "http.upgrade",
  "user-agent": "http.user_agent",
  "www-authenticate": "http.www_authenticate",
  "x-forwarded-for": "http.x_forwarded_for",
};

/** The longest first line that is looked into. */
const FIRST_LINE =
  /^(?:(HTTP\/\d\.\d) +(\d{3})(?: +(.*))?|([A-Za-z][A-Za-z_-]*) +(\S+)(?: +(HTTP\/\d\.\d))?)$/;

/** What a message that follows another one begins with. */
const MESSAGE_START = /^(?:HTTP\/\d\.\d |[A-Z]{3,12} [/*a-z])/;

const latin1 = new TextDecoder("latin1");

/** Requests and answers (RFC 9112): the first line, the header, and the body as bytes. */
export const http: Step = {
  name: "http",
  label: "Hypertext Transfer Protocol",
  read(cursor) {
    while (left(cursor) > 0) message(cursor);
    return undefined;
  },
};

function message(cursor: Cursor): void {
  const start = cursor.at;
  const first = lineEnd(cursor, start);
  const line = latin1.decode(cursor.bytes.subarray(start, Math.min(first.end, start + 8192)));
  const match = FIRST_LINE.exec(line);
  // What continues a message that began in another packet.
  if (match === null) {
    rest(cursor, "http.file_data", "Part of a message");
    return;
  }
  const isRequest = match[4] !== undefined;
  const side = isRequest ? "http.request" : "http.response";
  group(cursor, [`${side}.first_line`, isRequest ? "Request" : "Answer", line], first.next, (inner) => {
    const words = isRequest
      ? ([
          ["http.request.method", "Method", match[4]],
          ["http.request.uri", "Target", match[5]],
          ["http.request.version", "Version", match[6]],
        ] as const)
      : ([
          ["http.response.version", "Version", match[1]],
          ["http.response.code", "Status", match[2]],
          ["http.response.phrase", "Reason", match[3]],
        ] as const);
    let from = 0;
    for (const [name, label, word] of words) {
      if (word === undefined || word === "") continue;
      from = line.indexOf(word, from);
      inner.at = start + from;
      text(inner, word.length, name, label);
      if (name === "http.response.code") inner.fields.at(-1)!.value = Number(word);
      from += word.length;
    }
  });
  // A request has no body unless its header says so, an answer has one until it is told otherwise (RFC 9112, 6.3).
  let length = isRequest ? 0 : Number.POSITIVE_INFINITY;
  while (left(cursor) > 0) {
    const { end, next } = lineEnd(cursor, cursor.at);
    if (end === cursor.at) {
      text(cursor, next - cursor.at, "http.end_of_header", "End of the header");
      body(cursor, length);
      return;
    }
    const [key, value] = header(cursor, `${side}.line`, end, next);
    if (key === "content-length" && /^\d+$/.test(value)) length = Number(value);
    else if (key === "transfer-encoding" || key === "upgrade") length = Number.POSITIVE_INFINITY;
  }
}

/** Everything that is left, unless another message begins behind a body of this length. */
function body(cursor: Cursor, length: number): void {
  const { bytes, at, end } = cursor;
  const start = latin1.decode(bytes.subarray(Math.min(end, at + length), Math.min(end, at + length + 16)));
  if (!MESSAGE_START.test(start)) rest(cursor, "http.file_data", "Body");
  else if (length > 0) raw(cursor, length, "http.file_data", "Body");
}

/** Reads a line of the header; returns its key in lower case and its value. */
function header(cursor: Cursor, name: string, end: number, next: number): readonly [string, string] {
  const { bytes, at } = cursor;
  const colon = bytes.subarray(at, end).indexOf(0x3a);
  if (colon <= 0) {
    text(cursor, next - at, name, "Line");
    return ["", ""];
  }
  const key = latin1.decode(bytes.subarray(at, at + Math.min(colon, 100)));
  let from = at + colon + 1;
  while (from < end && (bytes[from] === 0x20 || bytes[from] === 9)) from++;
  const value = text({ ...cursor, at: from, fields: [] }, end - from, name, key);
  text(cursor, next - at, HEADERS[key.toLowerCase()] ?? name, key, value);
  return [key.toLowerCase(), value];
}
