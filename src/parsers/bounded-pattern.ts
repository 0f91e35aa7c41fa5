import { compileRegex } from "../java/regex.ts";

/** What a pattern found: the whole match and its groups, as `RegExp.exec` answers. */
export type Exec = (text: string) => readonly (string | undefined)[] | null;

/** Texts up to this length are safe with V8's RegExp when the cost of a pattern grows with their square at the most. */
const SHORT = 10_000;
const MOST_DEGREE = 2;

/** A pattern translated for V8: its groups may be more than the original's, the named ones come in the same order. */
export type TranslatedPattern = { readonly source: string; readonly names: readonly (string | undefined)[] };

/**
 * Runs a user's pattern so that no record can keep a worker busy: patterns judged harmless run on V8's RegExp, the
 * others, and all on very long texts, on the bounded matcher of src/java/regex.ts (at most instructions times
 * characters steps, then an error, which rejects the record). Named groups are where `translated` has them.
 * @param pattern the same in Java's syntax. Throws a PatternError when it holds what cannot be bounded.
 */
export function boundedExec({ source, names }: TranslatedPattern, pattern: string, whole = false): Exec {
  const native = new RegExp(whole ? `^(?:${source})(?![^])` : source);
  const { nameless, named } = withoutNames(pattern);
  const judged = compileRegex(nameless);
  const places = names.flatMap((name, index) => (name === undefined ? [] : [index]));
  return (text) => {
    if (judged.degree <= MOST_DEGREE && text.length <= SHORT) return native.exec(text);
    const found = whole ? judged.match(text) : judged.find(text);
    if (found === undefined) return null;
    const groups: (string | undefined)[] = new Array(names.length).fill(undefined);
    groups[0] = found.groups[0];
    for (const [index, group] of named.entries()) groups[places[index] as number] = found.groups[group];
    return groups;
  };
}

/** A pattern whose groups have numbers only (Grok repeats names, which Java's syntax forbids), and which had a name. */
function withoutNames(pattern: string): { nameless: string; named: number[] } {
  const named: number[] = [];
  let groups = 0;
  const nameless = pattern.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]|\(\?<(?![=!])[^>]+>|\((?!\?)/gs, (found) => {
    if (!found.startsWith("(")) return found;
    groups++;
    if (found.length > 1) named.push(groups);
    return "(";
  });
  return { nameless, named };
}
