import { type Framing, type HttpMessage, listOf } from "./message.ts";

/**
 * Decides how long the body of a message is (RFC 9112, 6.3) and notes what contradicts itself.
 *
 * @param request what a response answers, if that was captured
 */
export function frame(message: HttpMessage, request: HttpMessage | undefined): void {
  const { body } = message;
  body.declared = declaredLength(message);
  body.framing = framingOf(message, request);
}

/** Tells whether the connection is another protocol's from the end of this response on: CONNECT (RFC 9110, 9.3.6) and Upgrade (7.8). */
export function handsOver(response: HttpMessage, request: HttpMessage | undefined): boolean {
  if (response.status === 101) return true;
  return request?.method === "CONNECT" && response.status >= 200 && response.status < 300;
}

function framingOf(message: HttpMessage, request: HttpMessage | undefined): Framing {
  if (message.kind === "response") {
    const { status } = message;
    if (message.version === "0.9") return "close";
    if (status < 200 || status === 204 || status === 304 || request?.method === "HEAD") return "none";
    if (handsOver(message, request)) return "none";
  }
  const codings = listOf(message, "transfer-encoding");
  if (codings.length > 0) {
    if (message.body.declared !== undefined)
      message.notes.push(
        "both Content-Length and Transfer-Encoding: some read it by the one, some by the other",
      );
    if (codings.at(-1) === "chunked") return "chunked";
    if (codings.some((coding) => coding !== "identity")) {
      message.notes.push(`transfer coding "${codings.join(", ")}" does not end with chunked`);
      return message.kind === "response" ? "close" : "none";
    }
  }
  if (message.body.declared !== undefined) return message.body.declared === 0 ? "none" : "length";
  return message.kind === "response" ? "close" : "none";
}

/** The length that headers tell; of several different ones the first, because most readers take that, with a note. */
function declaredLength(message: HttpMessage): number | undefined {
  const values = listOf(message, "content-length");
  const [first] = values;
  if (first === undefined) return undefined;
  if (values.some((value) => value !== first))
    message.notes.push(`Content-Length contradicts itself: ${values.join(", ")}`);
  if (/^0*\d{1,15}$/.test(first)) return Number(first);
  message.notes.push(`Content-Length is no length: ${first.slice(0, 40)}`);
  return undefined;
}
