/** The first line of a message (RFC 9112, 3 and 4). */
export type StartLine =
  | { readonly kind: "request"; readonly method: string; readonly target: string; readonly version: string }
  | { readonly kind: "response"; readonly status: number; readonly reason: string; readonly version: string };

const STATUS_LINE = /^HTTP\/(\d{1,3}(?:\.\d{1,3})?)[ \t]+(\d{3})(?:[ \t](.*))?$/;
/** A token (RFC 9110, 5.6.2). */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;

/**
 * Reads a start line; undefined when it is none. A method and a path alone are a request of HTTP/0.9; it
 * only knew GET, but servers answer others in its way.
 */
export function readStartLine(line: string): StartLine | undefined {
  if (line.startsWith("HTTP/")) {
    const [, version, status, reason = ""] = STATUS_LINE.exec(line) ?? [];
    if (version === undefined) return undefined;
    return { kind: "response", version, status: Number(status), reason };
  }
  const space = line.indexOf(" ");
  const method = line.slice(0, space);
  if (space < 1 || !METHOD.test(method)) return undefined;
  const rest = line.slice(space + 1).trim();
  const last = rest.lastIndexOf(" ");
  const version = /^HTTP\/(\d{1,3}(?:\.\d{1,3})?)$/.exec(rest.slice(last + 1))?.[1];
  if (version !== undefined)
    return { kind: "request", method, target: rest.slice(0, Math.max(0, last)).trim(), version };
  return /^[A-Z]{3,10}$/.test(method) && rest.startsWith("/") && last < 0
    ? { kind: "request", method, target: rest, version: "0.9" }
    : undefined;
}
