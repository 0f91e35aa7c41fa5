/**
 * Domain names: their public suffix (guava's rules over the Public Suffix List that the `tldts` package carries) and
 * whether they are valid (commons-validator's rules, with the top-level domains of the same list).
 */
import { getPublicSuffix, parse } from "tldts";
import { domainToAscii } from "./punycode.ts";

const MAX_NAME = 253;
const MAX_LABELS = 127;
const MAX_LABEL = 63;
/** Names only: no URL around them, no check of ours repeated. */
const OPTIONS = {
  allowPrivateDomains: true,
  detectIp: false,
  extractHostname: false,
  mixedInputs: false,
  validateHostname: false,
} as const;
/** In the list for the sake of cookies, but no top-level domain of the DNS. */
const NOT_DELEGATED = new Set(["onion"]);
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const TOP_LABEL = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/**
 * Tells whether a text has the form of a domain name: labels of letters (of any script), digits, hyphens and
 * underscores, of which the last may not start with a digit. One dot at the end is allowed.
 */
export function isDomainName(text: string): boolean {
  const name = withoutRoot(text.replace(/[\u3002\uff0e\uff61]/g, "."));
  if (name.length > MAX_NAME) return false;
  const labels = name.split(".");
  return (
    labels.length <= MAX_LABELS && labels.every((label, index) => isLabel(label, index === labels.length - 1))
  );
}

function isLabel(label: string, isLast: boolean): boolean {
  if (label.length < 1 || label.length > MAX_LABEL) return false;
  // Only ASCII is restricted; what else is allowed is the registries' business.
  if (/[^a-zA-Z0-9_\-\u0080-\uffff]/.test(label) || /^[-_]|[-_]$/.test(label)) return false;
  return !(isLast && /^[0-9]/.test(label));
}

/** The part of a domain name that registrars sell names under, in lower case, or what follows the last dot. */
export function publicSuffix(text: string): string {
  return split(text)?.suffix ?? text.slice(text.lastIndexOf(".") + 1);
}

/** The name without its public suffix and the dot before it, or undefined when it is no domain name. */
export function withoutSuffix(text: string): string | undefined {
  return split(text)?.front;
}

/** One label and the public suffix, or the name itself when it has no more; undefined when it is no domain name. */
export function registeredDomain(text: string): string | undefined {
  return split(text)?.registered;
}

type Split = { readonly front: string; readonly suffix: string; readonly registered: string };

const MAX_REMEMBERED = 4096;
/** Telemetry repeats its names: the latest ones are remembered, in two generations of which the older is dropped. */
let young = new Map<string, Split | undefined>();
let old = new Map<string, Split | undefined>();

function split(text: string): Split | undefined {
  if (young.has(text)) return young.get(text);
  const made = old.has(text) ? old.get(text) : splitName(text);
  if (young.size >= MAX_REMEMBERED) {
    old = young;
    young = new Map();
  }
  // What is too long to be a name must not fill the memory either.
  if (text.length <= MAX_NAME) young.set(text, made);
  return made;
}

function splitName(text: string): Split | undefined {
  if (!isDomainName(text)) return undefined;
  const name = withoutRoot(text);
  const last = name.slice(name.lastIndexOf(".") + 1);
  const found = getPublicSuffix(name.toLowerCase(), OPTIONS);
  // Of an unlisted domain tldts answers the last label, of which guava keeps the case.
  const suffix = found === null || (found === last.toLowerCase() && !isListed(found)) ? last : found;
  const front = name.slice(0, Math.max(0, name.length - suffix.length - 1));
  const registered = front === "" ? name : `${front.slice(front.lastIndexOf(".") + 1)}.${suffix}`;
  return { front, suffix, registered };
}

function isListed(suffix: string): boolean {
  const { isIcann, isPrivate } = parse(suffix, OPTIONS);
  return isIcann === true || isPrivate === true;
}

/** Tells whether a text is a domain name under a top-level domain that exists; international names in either form. */
export function isValidDomain(text: string): boolean {
  const ascii = toAscii(text);
  if (ascii.length > MAX_NAME) return false;
  const labels = withoutRoot(ascii).split(".");
  const top = labels.pop() ?? "";
  return (
    labels.length > 0 &&
    labels.every((label) => LABEL.test(label)) &&
    TOP_LABEL.test(top) &&
    isTopLevelDomain(top)
  );
}

/** Tells whether IANA has delegated a top-level domain. */
export function isTopLevelDomain(text: string): boolean {
  const top = toAscii(text).toLowerCase();
  if (!TOP_LABEL.test(top) || NOT_DELEGATED.has(top)) return false;
  // A country may sell names only below second-level domains: then the list has no line for the country itself.
  return parse(`any.${top}`, OPTIONS).isIcann === true;
}

function toAscii(text: string): string {
  return domainToAscii(text) ?? text;
}

function withoutRoot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}
