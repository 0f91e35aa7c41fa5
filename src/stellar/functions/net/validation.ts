/** When a text counts as an address, e-mail, URL or whole number: the rules of commons-validator 1.5.1. */
import { parseIpv4Text, parseIpv6 } from "../../../core/ip.ts";
import { trimmed } from "../../values/text.ts";
import { isValidDomain } from "./domain.ts";
import { domainToAscii } from "./punycode.ts";

const MAX_USER = 64;
const MAX_PORT = 65535;
/** Dot-separated words of unreserved characters, or quoted ones. */
const USER_WORD = String.raw`(?:(?:\\.|[^\s\p{Cc}()<>@,;:'\\".[\]]|')+|"(?:\\"|[^"])*")`;
const USER = new RegExp(String.raw`^\s*${USER_WORD}(?:\.${USER_WORD})*$`, "u");
const AUTHORITY =
  /^(?:\[([0-9a-fA-F:]+)\]|(?:[a-zA-Z0-9%\-._~!$&'()*+,;=]+:[a-zA-Z0-9%\-._~!$&'()*+,;=]*@)?([a-zA-Z0-9\-.]*))(?::([0-9]*))?\s*$/;
const PATH = /^(?:\/[-\w:@&?=+,.!/~*'%$_;()]*)?$/;
const LINE_END = /[\n\r\u0085\u2028\u2029]/;
const SCHEMES = new Set(["http", "https", "ftp"]);
/** Past this length no URL, e-mail or number is meant, and patterns would only cost time. */
const MAX_TEXT = 65536;

/** Tells whether a text is an IP address; of one version only when asked for. */
export function isIp(text: string, version?: 4 | 6): boolean {
  return (version !== 6 && parseIpv4Text(text) >= 0) || (version !== 4 && parseIpv6(text) !== undefined);
}

/** Tells whether a text is an e-mail address at a domain that can exist, or at a bracketed IP address. */
export function isEmail(text: string): boolean {
  if (text.length > MAX_TEXT || text.endsWith(".")) return false;
  const at = text.lastIndexOf("@");
  if (at < 1 || LINE_END.test(text.trim())) return false;
  const user = text.slice(0, at);
  const host = text.slice(at + 1).trimEnd();
  if (user.length > MAX_USER || !USER.test(user) || host === "") return false;
  const literal = /^\[(.*)\]$/.exec(host);
  if (literal !== null) return isIp(literal[1] ?? "");
  return isValidDomain(host);
}

/** Tells whether a text is an http, https or ftp URL of a host that can exist. */
export function isUrl(text: string): boolean {
  if (text.length > MAX_TEXT) return false;
  // The pattern of RFC 3986, appendix B, which splits any text.
  const [, scheme, authority, path = "", query] =
    /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/.exec(text) ?? [];
  if (scheme === undefined || !SCHEMES.has(scheme.toLowerCase())) return false;
  return isAuthority(authority) && isPath(path) && (query === undefined || !LINE_END.test(query));
}

function isAuthority(authority: string | undefined): boolean {
  if (authority === undefined) return false;
  const [, ipv6, host, port = ""] = AUTHORITY.exec(domainToAscii(authority) ?? authority) ?? [];
  if (Number(port) > MAX_PORT) return false;
  if (ipv6 !== undefined) return isIp(ipv6, 6);
  return host !== undefined && (isValidDomain(host) || isIp(host, 4));
}

/** No empty segments, and more segments than steps up. */
function isPath(path: string): boolean {
  if (!PATH.test(path) || path.includes("//")) return false;
  const stepsUp = path.split("..").length - 1;
  return stepsUp === 0 || path.split("/").length - 2 > stepsUp;
}

const LONG_MAX = 2n ** 63n - 1n;
/** Digits of any script; separators of thousands anywhere but at the end; an exponent of ten. */
const WHOLE = /^(-?)([\p{Nd},]*\p{Nd})(?:E(-?)([0-9]{1,6}))?$/u;

/** Tells whether a text is a whole number of 64 bits, as an American writes it (`1,000`). */
export function isInteger(text: string): boolean {
  if (text.length > MAX_TEXT) return false;
  const [, sign, written, negative, exponent] = WHOLE.exec(trimmed(text)) ?? [];
  if (written === undefined) return false;
  const digits = Array.from(written.replaceAll(",", ""), decimalDigit).join("").replace(/^0+/, "");
  if (digits === "") return true;
  const shift = (negative === "-" ? -1 : 1) * Number(exponent ?? 0);
  if (digits.length + shift > 19) return false;
  const kept =
    shift < 0
      ? digits.slice(0, Math.max(0, digits.length + shift))
      : digits.padEnd(digits.length + shift, "0");
  if (shift < 0 && (kept === "" || /[1-9]/.test(digits.slice(kept.length)))) return false;
  return BigInt(kept) <= LONG_MAX + (sign === "-" ? 1n : 0n);
}

/** The value of a decimal digit of any script: each has its ten in a row. */
function decimalDigit(digit: string): number {
  if (digit <= "9") return Number(digit);
  const point = digit.codePointAt(0) ?? 0;
  let zero = point;
  while (point - zero < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero--;
  return (point - zero) % 10;
}
