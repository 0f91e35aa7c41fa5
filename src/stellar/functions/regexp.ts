import { compileRegex, type Regex } from "../../java/regex.ts";
import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { spend } from "../values/budget.ts";
import { isCollection, toText } from "../values/value.ts";
import { remember } from "./remember.ts";

/** Steps that a pattern costs which was not seen lately. */
const COMPILING = 400;
/** The most steps one match is charged: what may be slow mostly is not, and a rule that is fast must not fail. */
const MOST = 500;

const remembered = remember((pattern: string) => {
  spend(COMPILING + pattern.length);
  return compileRegex(pattern);
});

/** The pattern, once what it may cost on this text is drawn from the budget. */
function compiled(pattern: string, text: string): Regex {
  const regex = remembered(pattern);
  if (text.length > 64 || regex.degree > 1) {
    const worst = text.length ** Math.min(4, Math.max(1, regex.degree));
    spend((text.length >> 6) + Math.min(MOST, worst / 4096));
  }
  return regex;
}

const INPUT = { name: "input", type: "text", about: "The text to look at." } as const;
const PATTERN = {
  name: "pattern",
  type: "string",
  about: "The pattern, in the syntax of Java's regular expressions.",
} as const;

const regexpMatch = defineFunction({
  name: "REGEXP_MATCH",
  summary: "Tells whether a pattern, or one of several, matches a whole text.",
  params: [
    INPUT,
    { name: "pattern", type: "any", about: "The pattern, or a list of patterns of which one has to match." },
  ],
  returns: "boolean",
  examples: [
    ["REGEXP_MATCH('abc', 'a.c')", true],
    ["REGEXP_MATCH('xabc', 'a.c')", false],
    ["REGEXP_MATCH('abc', ['[0-9]+', '[a-z]+'])", true],
    ["REGEXP_MATCH(null, 'a')", false],
    ["REGEXP_MATCH('a', '[')", raises("never closed at character 1")],
  ],
  call: (input, pattern) => {
    if (input === null || pattern === null) return false;
    if (typeof pattern === "string") return compiled(pattern, input).matches(input);
    if (!isCollection(pattern)) return false;
    for (const element of pattern) {
      if (element !== null && compiled(toText(element), input).matches(input)) return true;
    }
    return false;
  },
});

const regexpGroupVal = defineFunction({
  name: "REGEXP_GROUP_VAL",
  summary: "Gives the text of a group of a pattern that matches a whole text; null when it does not match.",
  params: [
    INPUT,
    PATTERN,
    { name: "group", type: "integer", about: "Number of the group; 0 is the whole text." },
  ],
  returns: "string",
  exact: true,
  examples: [
    ["REGEXP_GROUP_VAL('foo123', '([a-z]+)([0-9]+)', 1)", "foo"],
    ["REGEXP_GROUP_VAL('foo123', '([a-z]+)([0-9]+)', 3)", null],
    ["REGEXP_GROUP_VAL('foo', '(b)', 1)", null],
    ["REGEXP_GROUP_VAL('foo', '(f)oo', -1)", raises("no group -1")],
  ],
  call: (input, pattern, group) => {
    if (input === null || pattern === null || group === null) return null;
    const regex = compiled(pattern, input);
    if (group < 0) throw new StellarError(`there is no group ${group}`);
    // The original answers group 0 without asking whether the pattern matches.
    if (group === 0) return input;
    if (group > regex.groupCount) return null;
    return regex.match(input)?.groups[group] ?? null;
  },
});

const regexpReplace = defineFunction({
  name: "REGEXP_REPLACE",
  summary: "Replaces everything in a text that a pattern matches.",
  params: [
    INPUT,
    PATTERN,
    {
      name: "value",
      type: "string",
      about: "The replacement, where $1 stands for a group; with an empty one nothing is replaced.",
    },
  ],
  returns: "string",
  examples: [
    ["REGEXP_REPLACE('foobar', '(o+)', '<$1>')", "f<oo>bar"],
    ["REGEXP_REPLACE('foobar', 'z', '0')", "foobar"],
    ["REGEXP_REPLACE('foobar', 'o', '')", "foobar"],
    ["REGEXP_REPLACE('', 'o', 'x')", null],
    ["REGEXP_REPLACE('foo', 'o', '$2')", raises("group 2")],
    ["REGEXP_REPLACE('foo', 'z', '$2')", "foo"],
  ],
  call: (input, pattern, value) => {
    if (!input) return null;
    if (!pattern || !value) return input;
    return compiled(pattern, input).replaceAll(input, value);
  },
});

export const regexp: Namespace = {
  name: "regexp",
  summary: "Match and replace by regular expressions.",
  functions: [regexpGroupVal, regexpMatch, regexpReplace],
};
