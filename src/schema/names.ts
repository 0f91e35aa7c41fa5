/** Canonical forms of what holds names of the domain name system: domains, e-mail addresses, URLs. */
import { formatAddress, readAddress } from "./address.ts";

/** RFC 1035, 2.3.4. */
const MOST_LABEL = 63;
const MOST_DOMAIN = 253;
/** Underscores are no part of host names but of many names that are asked for (`_ldap._tcp.example`). */
const LABELS = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is;
/** Signs that stand in mailboxes only between quotes, or that nobody has in one. */
const MAILBOX = /^[^\s<>()[\]{},;:"\\/|^`]+$/;
const PORT = /:(\d{0,5})$/;
/** Ports that a scheme has anyway. */
const USUAL_PORTS: Readonly<Record<string, string>> = {
  http: "80",
  https: "443",
  ws: "80",
  wss: "443",
  ftp: "21",
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: it asks whether all are ASCII.
const ASCII = /^[\x00-\x7f]*$/;

/**
 * A domain in lower case (RFC 4343) without the dot of the root, its international labels in punycode; undefined when
 * it is none. A name of one label is one.
 */
export function domainForm(text: string): string | undefined {
  if (text.length > MOST_DOMAIN * 2) return undefined;
  const ascii = ASCII.test(text) ? text.toLowerCase() : international(text);
  if (ascii === undefined) return undefined;
  const name = ascii.endsWith(".") ? ascii.slice(0, -1) : ascii;
  if (name.length === 0 || name.length > MOST_DOMAIN || !LABELS.test(name)) return undefined;
  return name.split(".").every((label) => label.length <= MOST_LABEL) ? name : undefined;
}

/**
 * An e-mail address in lower case. By the letter only the domain is alike in any case (RFC 5321, 2.4); no provider tells
 * mailboxes apart by case, and whoever sends can choose it.
 */
export function emailForm(text: string): string | undefined {
  const at = text.lastIndexOf("@");
  const domain = domainForm(text.slice(at + 1));
  const mailbox = text.slice(0, Math.max(at, 0));
  return domain !== undefined && MAILBOX.test(mailbox) ? `${mailbox.toLowerCase()}@${domain}` : undefined;
}

/** A URL whose scheme and host are in their one form, without the usual port; its path stays as it is, at least `/`. */
export function urlForm(text: string): string | undefined {
  const parts = URL_PARTS.exec(text);
  if (parts === null) return undefined;
  const [, written = "", authority = "", rest = ""] = parts;
  const scheme = written.toLowerCase();
  const at = authority.lastIndexOf("@") + 1;
  const place = authority.slice(at);
  const port = PORT.exec(place)?.[1];
  const host = port === undefined ? place : place.slice(0, -port.length - 1);
  const form = hostForm(host);
  if (form === undefined) return undefined;
  const kept = port === undefined || port === "" || port === USUAL_PORTS[scheme] ? "" : `:${port}`;
  return `${scheme}://${authority.slice(0, at)}${form}${kept}${rest.startsWith("/") ? rest : `/${rest}`}`;
}

function hostForm(host: string): string | undefined {
  const address = readAddress(host);
  if (address === undefined) return domainForm(host);
  return typeof address === "number" ? formatAddress(address) : `[${formatAddress(address)}]`;
}

/** The platform's own reading of international names (UTS 46), which is what browsers look up. */
function international(text: string): string | undefined {
  if (/[/?#@:\\[\]%\s]/.test(text)) return undefined;
  try {
    return new URL(`http://${text}`).hostname;
  } catch {
    return undefined;
  }
}
