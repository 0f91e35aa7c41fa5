import { networkRange, parseAddress } from "../../../query/address.ts";
import { canonicalKey, guessMeaning } from "../../../schema/canonical.ts";
import { caseless } from "./pattern-sql.ts";
import type { SqlValue } from "./sql-value.ts";

type Bind = (value: SqlValue) => string;

/**
 * The condition that a text of SQL spells a value, in whatever spelling (src/schema/canonical.ts). For texts of which no
 * canonical keys are stored: of those that have them, comparing the key is enough, and a hundred times as fast.
 */
export function sameValue(sql: string, value: string, bind: Bind): string {
  const key = canonicalKey(value);
  const exact = () => `${sql} = ${bind(key)}`;
  switch (guessMeaning(value)) {
    case "address": {
      const address = parseAddress(key);
      if (address === undefined) return exact();
      if (address.family === 6) return `metron_ipv6(${sql}) = ${bind(hex(address.value))}`;
      return `(${exact()} OR (contains(${sql}, ':') AND metron_ipv4(${sql}) = ${bind(address.value)}))`;
    }
    case "network": {
      const [address = "", bits = ""] = key.split("/");
      const network = networkRange(address, Number(bits));
      if (network === undefined || network.family === 4) return exact();
      return `(${exact()} OR (contains(${sql}, ':') AND split_part(${sql}, '/', 2) = ${bind(bits)} AND metron_ipv6(split_part(${sql}, '/', 1)) = ${bind(hex(network.first))}))`;
    }
    case "domain":
    case "email": {
      const forms = [key, `${key}.`];
      // What is written with letters beyond ASCII is stored so, or in punycode.
      const lower = value.toLowerCase();
      if (!forms.includes(lower)) forms.push(lower);
      return `lower(${sql}) IN (${forms.map(bind).join(", ")})`;
    }
    case "hash":
      return `lower(replace(${sql}, ':', '')) = ${bind(key)}`;
    case "mac":
      // Twelve digits without signs are no MAC by their form alone.
      return `(length(${sql}) IN (14, 17) AND lower(regexp_replace(${sql}, '[:.-]', '', 'g')) = ${bind(key.replaceAll(":", ""))})`;
    case "url":
      return `(${exact()} OR metron_url(${sql}) = ${bind(key)})`;
    case "host":
    case "text":
      return exact();
  }
}

/**
 * A cheap condition that the text of a list, as JSON, may hold another spelling of a value: reading every value of every
 * list costs a hundred times as much. Undefined when the value has one spelling only, which can be looked for as it is.
 */
export function mayHoldOther(json: string, value: string, bind: Bind): string | undefined {
  const key = canonicalKey(value);
  switch (guessMeaning(value)) {
    case "address":
      return key.includes(":") ? `contains(${json}, ':')` : `regexp_matches(${json}, '(?i)ffff:')`;
    case "network":
      return key.includes(":") ? `contains(${json}, '/')` : undefined;
    case "domain":
    case "email": {
      // A name with letters beyond ASCII may stand there with them, or in punycode.
      const forms = [...new Set([key, value.toLowerCase().replace(/\.$/, "")])];
      return `regexp_matches(${json}, ${bind(`(?s)${forms.map(caseless).join("|")}`)})`;
    }
    case "hash":
      return `regexp_matches(${json}, ${bind(pairs(key))})`;
    case "mac":
      return `regexp_matches(${json}, ${bind(pairs(key.replaceAll(":", "")))})`;
    case "url":
      return `contains(${json}, '://')`;
    case "host":
    case "text":
      return undefined;
  }
}

/** Hexadecimal digits in any case, with or without a sign between bytes. */
function pairs(digits: string): string {
  return `(?i)${digits.match(/../g)?.join("[:.-]?") ?? digits}`;
}

/** An IPv6 address as the SQL functions write it. */
export function hex(value: bigint): string {
  return value.toString(16).padStart(32, "0");
}
