import { canonical, canonicalKey } from "../../schema/canonical.ts";
import type { IndicatorMeaning } from "../../schema/meaning.ts";

/** What the values of a list are, by words in the name of its type: `malicious_ip` holds addresses. */
const WORDS: readonly (readonly [RegExp, IndicatorMeaning])[] = [
  [/^(ips?|ipv4|ipv6|addr|address|addresses)$/, "address"],
  [/^(domains?|fqdn)$/, "domain"],
  [/^(hosts?|hostnames?)$/, "host"],
  [/^(hash|hashes|md5|sha1|sha224|sha256|sha384|sha512)$/, "hash"],
  [/^(urls?|uri)$/, "url"],
  [/^(emails?|mail|sender)$/, "email"],
  [/^macs?$/, "mac"],
];

/** What the values of a type are, as far as its name says; undefined when it does not. */
export function meaningOfType(type: string): IndicatorMeaning | undefined {
  const words = type.toLowerCase().split(/[^a-z0-9]+/);
  return WORDS.find(([pattern]) => words.some((word) => pattern.test(word)))?.[1];
}

const NAMES: Readonly<Record<IndicatorMeaning, string>> = {
  address: "an IP address",
  network: "a network",
  domain: "a domain name",
  host: "a host name or address",
  hash: "a hash in hexadecimal digits",
  mac: "a MAC address",
  email: "an e-mail address",
  url: "a URL",
  text: "a text",
};

/**
 * The key of an indicator: the one spelling in which it and the values of messages are compared. One that no value can
 * ever equal, because it cannot have the meaning of its list, is refused with the reason.
 */
export function readIndicator(
  written: string,
  meaning: IndicatorMeaning | undefined,
): { readonly key: string } | { readonly reason: string } {
  const text = written.trim();
  if (meaning === undefined || text === "") return { key: canonicalKey(text) };
  const key = canonical(text, meaning);
  if (key !== undefined) return { key };
  return { reason: `\`${text}\` is not ${NAMES[meaning]} and would never match${cureOf(text, meaning)}` };
}

function cureOf(text: string, meaning: IndicatorMeaning): string {
  if (meaning !== "network" && canonical(text, "network") !== undefined)
    return "; values are compared one by one: list the addresses of the network, or write a rule with IN_SUBNET";
  if (text.includes("*")) return "; a list holds whole values, not patterns: write a rule with REGEXP_MATCH";
  if (canonical(text, "url") !== undefined)
    return "; it is a URL: list its host, or load it as a type of URLs";
  return "";
}
