import type { FieldValue, Message } from "../../core/message.ts";
import { emptyMessage } from "../../core/message.ts";
import { boundedExec, type Exec } from "../bounded-pattern.ts";
import { translateRegex } from "./java-regex.ts";

/** How often references are replaced before a pattern counts as endless. */
const STEP_LIMIT = 1000;
/** Names may contain the signs between Z and a in ASCII, because the original's character class is A-z. */
const REFERENCE = /%\{([A-z0-9]+)(?::([A-z0-9_:;/\s.]+))?(?:=((?:[^{}]|\.)+))?\}/;
const INT_RANGE = 2 ** 31;

/** A field of a pattern whose captures are thrown away. */
const UNWANTED = "UNWANTED";

export type GrokPattern = {
  /** The fields of the first place that fits, in the order of the pattern, or undefined when none does. */
  readonly match: (text: string) => Message | undefined;
};

/** Reads the lines of a pattern file: `NAME definition`, comments and blank lines. */
export function readPatterns(lines: readonly string[]): Map<string, string> {
  const patterns = new Map<string, string>();
  for (const line of lines) {
    const found = /^([A-z0-9_]+)\s+(.*)$/.exec(line);
    if (found !== null) patterns.set(found[1] as string, found[2] as string);
  }
  return patterns;
}

/**
 * Compiles the pattern of a name; throws a SyntaxError or PatternError that names what is wrong.
 * @param trusted whether all of it comes with Metron: patterns of users are bounded.
 */
export function compileGrok(
  label: string,
  patterns: ReadonlyMap<string, string>,
  trusted = false,
): GrokPattern {
  const { regex, fields } = expand(label, patterns);
  const translated = translateRegex(regex);
  const native = trusted ? new RegExp(translated.source) : undefined;
  const exec: Exec = native === undefined ? boundedExec(translated, regex) : (text) => native.exec(text);
  const groups = outputGroups(translated.names, fields).filter(({ field }) => field !== label);
  return {
    match: (text) => {
      const found = exec(text);
      if (found === null) return undefined;
      const message = emptyMessage();
      for (const { index, field, convert } of groups) message[field] = convert(found[index]);
      return message;
    },
  };
}

/** Replaces references until none is left; each becomes a group with a name of its own. */
function expand(
  label: string,
  patterns: ReadonlyMap<string, string>,
): { regex: string; fields: Map<string, string> } {
  const fields = new Map<string, string>();
  let regex = `%{${label}}`;
  for (let step = 0; ; step++) {
    const found = REFERENCE.exec(regex);
    if (found === null) return { regex, fields };
    if (step === STEP_LIMIT) throw new SyntaxError(`pattern ${label} refers to itself`);
    const [reference, name, field, inline] = found as unknown as [string, string, string?, string?];
    const definition = inline ?? patterns.get(name);
    if (definition === undefined) throw new SyntaxError(`no pattern is called ${name}`);
    const group = `name${step}`;
    fields.set(group, field ?? name);
    // Every place with the same text gets the same group, of which only the first counts.
    regex = regex.replaceAll(reference, () => `(?<${group}>${definition})`);
  }
}

type Group = {
  readonly index: number;
  readonly field: string;
  readonly convert: (text: string | undefined) => FieldValue;
};

/** The groups that become fields: of one name the first, of one field the last, in the order of the pattern. */
function outputGroups(names: readonly (string | undefined)[], fields: ReadonlyMap<string, string>): Group[] {
  const seen = new Set<string>();
  const groups = new Map<string, Group>();
  for (const [index, name] of names.entries()) {
    if (name === undefined || seen.has(name)) continue;
    seen.add(name);
    const [field, type] = (fields.get(name) ?? name).split(/[:;]/, 2) as [string, string?];
    if (field !== UNWANTED) groups.set(field, { index, field, convert: converter(type) });
  }
  return [...groups.values()];
}

/** `%{NUMBER:bytes:float}` states a type; without one, what Java reads as an int becomes one. */
function converter(type: string | undefined): Group["convert"] {
  switch (type) {
    case "string":
      return (text) => text ?? null;
    case "float":
    case "double":
      return (text) => (text === undefined || text.trim() === "" ? null : Number(text));
    case "boolean":
      return (text) => (text === undefined ? null : text.toLowerCase() === "true");
    default:
      return convertText;
  }
}

function convertText(text: string | undefined): FieldValue {
  if (text === undefined) return null;
  const first = text.charCodeAt(0);
  // Digits or a sign: everything else is no number.
  if ((first >= 48 && first <= 57) || first === 43 || first === 45) {
    const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    return number >= -INT_RANGE && number < INT_RANGE ? number + 0 : text;
  }
  if (first !== 34 && first !== 39) return text;
  // One pair of equal quotes goes; a lone quote is nothing.
  if (text.length === 1) return "";
  return text.charCodeAt(text.length - 1) === first ? text.slice(1, -1) : text;
}
