/** What may follow the cursor: for the shell and for editors. */
import { signature } from "../language/check.ts";
import type { Registry } from "../language/function.ts";

export type Completion = {
  /** What is put in place of the typed part. */
  readonly text: string;
  readonly kind: "function" | "variable" | "keyword" | "magic" | "help";
  /** A word beside it: parameters, a type. */
  readonly detail: string;
  /** A sentence on it, shown when there is room. */
  readonly about?: string;
};

/** A function as a line of help. */
export type FunctionLine = { readonly name: string; readonly parameters: string; readonly summary: string };

export type CompletionSources = {
  readonly functions: readonly FunctionLine[];
  /** Variables and fields, with a word on each. */
  readonly variables: Iterable<readonly [name: string, detail: string]>;
  /** Commands of the shell, without their percent sign. */
  readonly magics?: readonly { readonly name: string; readonly summary: string }[];
};

const KEYWORDS: readonly (readonly [string, string])[] = [
  ["and", "both; shares its level with `or`"],
  ["default", "the last clause of a match"],
  ["else", "the other branch of an if"],
  ["exists", "whether a variable has a value"],
  ["false", ""],
  ["if", "if condition then value else value"],
  ["in", "membership; strict about types"],
  ["match", "match{ condition => value, default => value }"],
  ["not", ""],
  ["null", ""],
  ["or", "either; shares its level with `and`"],
  ["then", "the branch of an if"],
  ["true", ""],
];

/**
 * The completions of the word that ends at the cursor, and where that word starts. Inside strings and comments there
 * are none. Names match by their beginning first, then anywhere, whatever the case.
 */
export function complete(
  text: string,
  cursor: number,
  sources: CompletionSources,
): { readonly from: number; readonly options: readonly Completion[] } {
  const before = text.slice(0, cursor);
  const special = /^\s*([?%])(\S*)$/.exec(before);
  if (special !== null) return completeSpecial(special[1] as string, special[2] as string, cursor, sources);
  const word = /[A-Za-z_$][A-Za-z_.:0-9]*$/.exec(before)?.[0] ?? "";
  const from = cursor - word.length;
  if (isInText(text.slice(0, from))) return { from, options: [] };
  const options: Completion[] = [
    ...Array.from(sources.variables, ([name, detail]) => ({ text: name, kind: "variable" as const, detail })),
    ...sources.functions.map(calledFunction),
    ...KEYWORDS.map(([name, detail]) => ({ text: name, kind: "keyword" as const, detail })),
  ];
  return { from, options: word === "" ? [] : ranked(word, options) };
}

function completeSpecial(mark: string, word: string, cursor: number, sources: CompletionSources) {
  const from = cursor - word.length;
  if (mark === "%") {
    const magics = (sources.magics ?? []).map(({ name, summary }) => ({
      text: name,
      kind: "magic" as const,
      detail: summary,
    }));
    return { from, options: ranked(word, magics) };
  }
  const helps = sources.functions.map((line) => ({
    ...calledFunction(line),
    text: line.name,
    kind: "help" as const,
  }));
  return { from, options: ranked(word, helps) };
}

/** The functions of a registry, for `CompletionSources`. */
export function functionLines(registry: Registry): FunctionLine[] {
  return registry.names.flatMap((name) => {
    const definition = registry.get(name);
    if (definition === undefined) return [];
    return [{ name, parameters: signature(definition).slice(name.length), summary: definition.summary }];
  });
}

function calledFunction({ name, parameters, summary }: FunctionLine): Completion {
  return { text: `${name}(`, kind: "function", detail: parameters, about: summary };
}

function ranked(word: string, options: readonly Completion[]): Completion[] {
  const wanted = word.toLowerCase();
  const starting = options.filter(({ text }) => text.toLowerCase().startsWith(wanted));
  const within = options.filter(({ text }) => text.toLowerCase().indexOf(wanted) > 0);
  return [...starting, ...within];
}

/** Whether a text ends inside a string or a comment. */
function isInText(text: string): boolean {
  const open = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\/\/[^\n]*\n|(['"]|\/\/)/gs;
  for (const [, unclosed] of text.matchAll(open)) if (unclosed !== undefined) return true;
  return false;
}
