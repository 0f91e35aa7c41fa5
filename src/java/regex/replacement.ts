import { PatternError } from "../pattern-error.ts";
import type { ParsedRegex } from "./nodes.ts";

const NAMED = /\$\{([a-zA-Z][a-zA-Z0-9]*)\}/y;

/** A replacement as texts and numbers of groups. Throws a PatternError for a group that the pattern does not have. */
export function parseReplacement(replacement: string, parsed: ParsedRegex): readonly (string | number)[] {
  const parts: (string | number)[] = [];
  let literal = "";
  let at = 0;
  while (at < replacement.length) {
    const char = replacement.charAt(at);
    if (char === "\\") {
      if (at + 1 >= replacement.length) throw mistake(replacement, at, "ends with a backslash");
      literal += replacement.charAt(at + 1);
      at += 2;
    } else if (char === "$") {
      const reference = readReference(replacement, at, parsed);
      parts.push(literal, reference.group);
      literal = "";
      at = reference.end;
    } else {
      literal += char;
      at++;
    }
  }
  parts.push(literal);
  return parts.filter((part) => part !== "");
}

function readReference(text: string, start: number, parsed: ParsedRegex): { group: number; end: number } {
  NAMED.lastIndex = start;
  const name = NAMED.exec(text);
  if (name !== null) {
    const group = parsed.names.get(name[1] as string);
    if (group === undefined)
      throw mistake(text, start, `refers to a group ${name[1]} that the pattern does not have`);
    return { group, end: start + name[0].length };
  }
  let end = start + 1;
  if (!/[0-9]/.test(text.charAt(end)))
    throw mistake(text, start, "has a `$` without a group's number or {name}");
  let group = Number(text.charAt(end++));
  if (group > parsed.groups)
    throw mistake(text, start, `refers to group ${group} that the pattern does not have`);
  // Further digits count as long as there is such a group.
  while (/[0-9]/.test(text.charAt(end)) && group * 10 + Number(text.charAt(end)) <= parsed.groups) {
    group = group * 10 + Number(text.charAt(end++));
  }
  return { group, end };
}

function mistake(replacement: string, at: number, what: string): PatternError {
  return new PatternError(`the replacement \`${replacement}\` ${what}`, replacement, at);
}
