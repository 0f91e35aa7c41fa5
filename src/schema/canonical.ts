import { formatAddress, formatNetwork, readAddress, readNetwork } from "./address.ts";
import { INDICATOR_MEANINGS, type IndicatorMeaning, type Meaning } from "./meaning.ts";
import { domainForm, emailForm, urlForm } from "./names.ts";
import { numberOf } from "./number-of.ts";

/** Longer texts are taken as they are. */
export const LONGEST_KEY = 2048;
/** Hexadecimal digits of MD5, SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512. */
const DIGESTS: ReadonlySet<number> = new Set([32, 40, 56, 64, 96, 128]);

const HEX = /^[0-9a-f]+$/i;
/** Bytes as some programs print them: `A1:b2:C3`. */
const HEX_PAIRS = /^[0-9a-f]{2}(?::[0-9a-f]{2})+$/i;
const MAC_PAIRS = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}$/i;
const MAC_QUADS = /^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$/i;
const MAC_BARE = /^[0-9a-f]{12}$/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
/** What a name must look like to be taken for a domain: labels, and a last one of letters as all top-level domains have. */
const LIKE_DOMAIN = /^(?:[\p{L}\p{N}_-]+\.)+(?:\p{L}{2,}|xn--[a-z0-9-]+)\.?$/iu;

/** Meanings whose values are compared letter by letter. */
const LETTERS: ReadonlySet<Meaning> = new Set(["user", "path", "text"]);
/** Meanings whose values have several spellings. */
const SPELLED: ReadonlySet<Meaning> = new Set(INDICATOR_MEANINGS.filter((meaning) => meaning !== "text"));
const WHOLE = /^[+-]?\d+$/;
const TRUTH = /^(?:true|false)$/i;
const MOST_PORT = 65_535;

/**
 * The one spelling of a value, in which all its spellings are compared; undefined when the value cannot have this
 * meaning. Texts have no other spelling than their own.
 */
export function canonical(value: string, meaning: Meaning): string | undefined {
  if (value.length > LONGEST_KEY) return LETTERS.has(meaning) ? value : undefined;
  switch (meaning) {
    case "address": {
      const address = readAddress(value);
      return address === undefined ? undefined : formatAddress(address);
    }
    case "network": {
      const network = readNetwork(value);
      return network === undefined ? undefined : formatNetwork(network);
    }
    case "domain":
      return readAddress(value) === undefined ? domainForm(value) : undefined;
    case "host":
      return canonical(value, "address") ?? domainForm(value);
    case "hash":
      return hashForm(value);
    case "mac":
      return macForm(value);
    case "email":
      return emailForm(value);
    case "url":
      return urlForm(value);
    case "port":
      return isPort(value) ? String(Number(value)) : undefined;
    case "count":
    case "bytes":
    case "code":
      return WHOLE.test(value) ? numberOf(value)?.toString() : undefined;
    case "instant":
    case "duration":
    case "number":
      return numberOf(value)?.toString();
    case "truth":
      return TRUTH.test(value) ? value.toLowerCase() : undefined;
    case "user":
    case "path":
    case "text":
      return value;
  }
}

/**
 * What a value of no declared meaning most likely stands for: its form alone must say so, which is why a single word is
 * never a domain and twelve hexadecimal digits are never a MAC. "text" when the form says nothing.
 */
export function guessMeaning(text: string): IndicatorMeaning {
  if (text.length < 2 || text.length > LONGEST_KEY || text.includes(" ")) return "text";
  if (SCHEME.test(text)) return urlForm(text) === undefined ? "text" : "url";
  if (text.includes(":")) {
    if (readAddress(text) !== undefined) return "address";
    if (MAC_PAIRS.test(text)) return "mac";
    if (hashForm(text) !== undefined) return "hash";
    return text.includes("/") && isWholeNetwork(text) ? "network" : "text";
  }
  if (text.includes("@"))
    return LIKE_DOMAIN.test(text.slice(text.lastIndexOf("@") + 1)) && emailForm(text) !== undefined
      ? "email"
      : "text";
  if (text.includes("/")) return isWholeNetwork(text) ? "network" : "text";
  if (DIGESTS.has(text.length) && HEX.test(text)) return "hash";
  if (MAC_PAIRS.test(text) || MAC_QUADS.test(text)) return "mac";
  if (!text.includes(".")) return "text";
  if (readAddress(text) !== undefined) return "address";
  return LIKE_DOMAIN.test(text) && domainForm(text) !== undefined ? "domain" : "text";
}

/**
 * The text by which a value is compared: its canonical form. A value whose meaning is not declared is taken for what its
 * form says; one that cannot have the declared meaning is compared as it is.
 */
export function canonicalKey(text: string, meaning: Meaning = guessMeaning(text)): string {
  return canonical(text, meaning) ?? text;
}

/**
 * Every key under which something may be kept that this value is equal to, the most telling first: that of its declared
 * meaning, by which `PC-7` is the host `pc-7`; that of its form; the text itself.
 */
export function keysOf(text: string, meaning: Meaning | undefined): readonly string[] {
  const form = meaning !== undefined && SPELLED.has(meaning) ? canonical(text, meaning) : undefined;
  const guessed = canonicalKey(text);
  if (form === undefined || form === guessed) return guessed === text ? [text] : [guessed, text];
  return [...new Set([form, guessed, text])];
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= MOST_PORT;
}

/** Lower case without colons; undefined when it is not a digest in hexadecimal digits. */
function hashForm(text: string): string | undefined {
  const digits = HEX_PAIRS.test(text) ? text.replaceAll(":", "") : text;
  return DIGESTS.has(digits.length) && HEX.test(digits) ? digits.toLowerCase() : undefined;
}

/** Six pairs in lower case with colons between them. */
function macForm(text: string): string | undefined {
  if (!MAC_PAIRS.test(text) && !MAC_QUADS.test(text) && !MAC_BARE.test(text)) return undefined;
  const digits = text.replace(/[:.-]/g, "").toLowerCase();
  return digits.replace(/..(?=.)/g, "$&:");
}

/** Whether it is a network whose address has no bits behind the prefix; with some it may name a host and its network. */
function isWholeNetwork(text: string): boolean {
  const network = readNetwork(text);
  const address = readAddress(text.slice(0, text.lastIndexOf("/")));
  return (
    network !== undefined &&
    address !== undefined &&
    formatAddress(network.address) === formatAddress(address)
  );
}
