import { BASE_PATTERNS } from "../../parsers/grok/base-patterns.ts";
import { compileGrok } from "../../parsers/grok/grok-pattern.ts";

/** Patterns that are looked for, the more telling before those that would also fit; each with a name for its field. */
const CANDIDATES: readonly (readonly [pattern: string, field: string])[] = [
  ["TIMESTAMP_ISO8601", "timestamp"],
  ["DATESTAMP_RFC822", "timestamp"],
  ["DATESTAMP_OTHER", "timestamp"],
  ["HTTPDATE", "timestamp"],
  ["SYSLOGTIMESTAMP", "timestamp"],
  ["DATESTAMP", "timestamp"],
  ["DATE", "date"],
  ["URI", "uri"],
  ["UUID", "uuid"],
  ["MAC", "mac"],
  ["IP", "ip"],
  ["QUOTEDSTRING", "text"],
  ["TIME", "time"],
  ["UNIXPATH", "path"],
  ["NUMBER", "number"],
  ["WORD", "word"],
  ["NOTSPACE", "value"],
];

/** A number or word ends where a token does: `10` in `10.0.0.x` says nothing. */
const EDGES = /[\s"'()[\]{}<>,;=|]/;

/**
 * A grok pattern that fits a text: from left to right, at each token the first of the candidates that covers it
 * whole, with blanks and punctuation between them as they are. It is a proposal: fields are to be renamed.
 */
export function discoverGrok(text: string): string {
  const pattern = proposal(text);
  // A token may fit alone and not where it stands, beside what must not be beside it.
  const patterns = new Map([...Object.entries(BASE_PATTERNS), ["WHOLE0", pattern]]);
  return compileGrok("WHOLE0", patterns, true).match(text) === undefined ? "%{GREEDYDATA:text}" : pattern;
}

function proposal(text: string): string {
  const used = new Map<string, number>();
  let pattern = "";
  let position = 0;
  while (position < text.length) {
    const found = /\w/.test(text[position - 1] ?? "") ? undefined : candidateAt(text, position);
    if (found === undefined) {
      const blanks = /^\s+/.exec(text.slice(position))?.[0];
      pattern +=
        blanks === undefined ? escaped(text[position] as string) : blanks === " " ? " " : String.raw`\s+`;
      position += blanks?.length ?? 1;
      continue;
    }
    const [name, field, length] = found;
    const count = (used.get(field) ?? 0) + 1;
    used.set(field, count);
    pattern += `%{${name}:${count === 1 ? field : `${field}_${count}`}}`;
    position += length;
  }
  return pattern;
}

type Found = readonly [pattern: string, field: string, length: number];

function candidateAt(text: string, position: number): Found | undefined {
  if (/\s/.test(text[position] as string)) return undefined;
  // Punctuation right behind a token belongs to the pattern; alone it stands for a value, as `-` in access logs.
  const isBehind = position > 0 && !/\s/.test(text[position - 1] as string);
  if (isBehind && /^[^\w\s"']+(?=\s|$)/.test(text.slice(position))) return undefined;
  for (const [name, field] of CANDIDATES) {
    const length = lengthAt(name, text, position);
    const end = position + length;
    // What follows an address may be its port.
    if (length > 0 && (isEdge(text, end) || (name === "IP" && /[/:]/.test(text[end] ?? ""))))
      return [name, field, length];
  }
  return undefined;
}

function isEdge(text: string, position: number): boolean {
  const letter = text[position];
  return (
    letter === undefined || EDGES.test(letter) || (letter === ":" && /\s|$/.test(text[position + 1] ?? ""))
  );
}

const lengths = new Map<string, (text: string) => string | undefined>();

/** How much of a text a base pattern takes right at a position; no more than to the next edge where it takes anything. */
function lengthAt(name: string, text: string, position: number): number {
  let match = lengths.get(name);
  if (match === undefined) {
    const own = name === "NOTSPACE" ? String.raw`[^\s"'()\[\]{}<>,;=|]+` : `%{${name}:UNWANTED}`;
    const patterns = new Map([...Object.entries(BASE_PATTERNS), ["HERE0", `^(?<found>${own})`]]);
    const compiled = compileGrok("HERE0", patterns, true);
    match = (rest) => {
      const found = compiled.match(rest)?.found;
      return found === undefined || found === null ? undefined : String(found);
    };
    lengths.set(name, match);
  }
  const rest = text.slice(position);
  const found = match(rest);
  // Quotes are taken off what is captured; an int loses its leading zeros.
  if (found === undefined) return 0;
  if (name === "QUOTEDSTRING") return found.length + 2;
  if (name === "NUMBER") return /^[+-]?[\d.]+/.exec(rest)?.[0].length ?? 0;
  return found.length;
}

function escaped(letter: string): string {
  return /[\\^$.|?*+()[\]{}]/.test(letter) ? `\\${letter}` : letter;
}
