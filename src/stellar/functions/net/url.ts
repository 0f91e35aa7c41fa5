/** URLs as `java.net.URL` takes them apart, which is laxer than the web's `URL` and never rewrites a host or a path. */
import { parseIpv6 } from "../../../core/ip.ts";

export type UrlParts = {
  /** In lower case. */
  readonly protocol: string;
  /** As written, empty when there is none; an IPv6 address keeps its brackets. */
  readonly host: string;
  /** As given, else the protocol's own, else -1. */
  readonly port: number;
  /** Without query and fragment. */
  readonly path: string;
};

/** The protocols a JVM knows, with their ports. */
const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
  ["ftp", 21],
  ["file", -1],
  ["jar", -1],
  ["mailto", -1],
]);
const PROTOCOL = /^\p{L}[\p{L}\p{Nd}.+-]*$/u;
const PORT = /^[+-]?[0-9]{1,19}$/;
const MAX_INT = 2147483647;

/** The parts of a URL, or undefined when the protocol is unknown or the text is malformed. */
export function parseUrl(text: string): UrlParts | undefined {
  let start = 0;
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) <= 32) end--;
  while (start < end && text.charCodeAt(start) <= 32) start++;
  if (text.slice(start, start + 4).toLowerCase() === "url:") start += 4;
  const spec = text.slice(start, end);
  const colon = spec.search(/[:/]/);
  if (colon < 0 || spec[colon] === "/" || spec.startsWith("#")) return undefined;
  const protocol = spec.slice(0, colon).toLowerCase();
  const port = DEFAULT_PORTS.get(protocol);
  if (port === undefined || !PROTOCOL.test(protocol)) return undefined;
  const rest = spec.slice(colon + 1).split("#", 1)[0] ?? "";
  if (protocol === "jar") return jarParts(rest);
  if (protocol === "mailto") return mailtoParts(rest);
  const hierarchical = rest.split("?", 1)[0] ?? "";
  const parts = splitAuthority(hierarchical);
  return parts && { protocol, host: parts.host, port: parts.port < 0 ? port : parts.port, path: parts.path };
}

type Hierarchical = { readonly host: string; readonly port: number; readonly path: string };

function splitAuthority(rest: string): Hierarchical | undefined {
  if (!rest.startsWith("//") || rest.startsWith("////")) return { host: "", port: -1, path: rest };
  const slash = rest.indexOf("/", 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  const path = slash < 0 ? "" : rest.slice(slash);
  const at = authority.indexOf("@");
  // Of two @ Java cannot tell which one ends the user, and gives the host up.
  if (at >= 0 && at !== authority.lastIndexOf("@")) return { host: "", port: -1, path };
  const hostAndPort = authority.slice(at + 1);
  const bracket = hostAndPort.startsWith("[") ? hostAndPort.indexOf("]") : 0;
  if (hostAndPort.startsWith("[") && (bracket <= 2 || !isIpv6Literal(hostAndPort.slice(1, bracket))))
    return undefined;
  const colon = hostAndPort.indexOf(":", bracket);
  const host = colon < 0 ? hostAndPort : hostAndPort.slice(0, colon);
  if ((bracket > 0 && host.length > bracket + 1) || hasControl(host)) return undefined;
  const port = colon < 0 ? -1 : parsePort(hostAndPort.slice(colon + 1));
  return port === undefined ? undefined : { host, port, path };
}

/** Java allows a zone after the address here. */
function isIpv6Literal(text: string): boolean {
  const zone = text.indexOf("%");
  return parseIpv6(zone > 0 && zone < text.length - 1 ? text.slice(0, zone) : text) !== undefined;
}

function hasControl(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 32 || unit === 127) return true;
  }
  return false;
}

function parsePort(text: string): number | undefined {
  if (text === "") return -1;
  if (!PORT.test(text)) return undefined;
  const port = Number(text);
  return port < -1 || port > MAX_INT ? undefined : port;
}

/** `jar:URL!/entry`: the whole after `jar:` is the path, and the inner URL must be sound. */
function jarParts(rest: string): UrlParts | undefined {
  const bang = rest.lastIndexOf("!/");
  if (bang < 0 || parseUrl(rest.slice(0, bang)) === undefined) return undefined;
  return { protocol: "jar", host: "", port: -1, path: rest };
}

function mailtoParts(rest: string): UrlParts | undefined {
  if (/^[\0- ]*$/.test(rest)) return undefined;
  const query = rest.lastIndexOf("?");
  return { protocol: "mailto", host: "", port: -1, path: query < 0 ? rest : rest.slice(0, query) };
}
