/** What a word of a query says: its text, its wildcards, the field it names. */
import { parseAddress } from "./address.ts";
import { isWildcard, type Unit } from "./reader.ts";
import type { PatternPart } from "./tree.ts";

/** First parts of Metron's own names with colons. */
const NAMESPACES = new Set(["source", "threat", "threatintels", "enrichments", "adapter", "metron", "error"]);

/** No address with its prefix is longer. */
const LONGEST_NETWORK = 100;

/** A word as it reads without its backslashes. */
export function textOf(units: readonly Unit[]): string {
  return units.map((unit) => unit.char).join("");
}

/** How much of the text a word takes, its backslashes counted. */
export function widthOf(units: readonly Unit[]): number {
  return units.reduce((sum, { escaped, char }) => sum + char.length + (escaped ? 1 : 0), 0);
}

/** Whether a word is exactly this one, nothing of it escaped. */
export function isWord(units: readonly Unit[], word: string): boolean {
  return textOf(units) === word && units.every((unit) => !unit.escaped);
}

/** The parts of a word with wildcards, or undefined when it has none. */
export function patternOf(units: readonly Unit[]): PatternPart[] | undefined {
  if (!units.some(isWildcard)) return undefined;
  const parts: PatternPart[] = [];
  let text = "";
  for (const { char, escaped } of units) {
    if (!isWildcard({ char, escaped })) {
      text += char;
      continue;
    }
    if (text !== "") parts.push({ kind: "text", text });
    text = "";
    parts.push({ kind: char === "*" ? "many" : "one" });
  }
  if (text !== "") parts.push({ kind: "text", text });
  return parts;
}

/** Where the name of a field ends in a word, if one does. */
export function fieldEnd(units: readonly Unit[]): number | undefined {
  const colons = units.flatMap((unit, index) =>
    unit.char === ":" && !unit.escaped && index > 0 ? [index] : [],
  );
  const first = colons[0];
  const last = colons.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const raw = textOf(units);
  if (units.every(({ escaped }) => !escaped) && parseAddress(raw) !== undefined) return undefined;
  if (first === last) return first;
  const compared = colons.find((colon) => "<>".includes(units[colon + 1]?.char ?? "none"));
  if (compared !== undefined) return compared;
  if (textOf(units.slice(0, first)) === "_exists_") return first;
  const before = colons.find(
    (colon) =>
      raw.length - colon < LONGEST_NETWORK && parseAddress(raw.slice(colon + 1).replace(/\/\d+$/, "")),
  );
  if (before !== undefined) return before;
  if (last === units.length - 1) return last;
  return NAMESPACES.has(textOf(units.slice(0, first))) ? last : first;
}
