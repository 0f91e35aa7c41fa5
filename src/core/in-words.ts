import type { z } from "zod";

type Issue = z.core.$ZodRawIssue;

/** What the types of a schema are called for authors of documents. */
const NOUNS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a map",
  record: "a map",
  null: "nothing",
};

const OTHER_FORM = "has another form than is expected here";

/**
 * What a schema complains of, as a person reads it: what was expected in the words of documents, and what is there. Handed to zod as
 * `error`; a schema that says it in words of its own comes first.
 */
export function inWords(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected === "never" ? "no such option" : expected(nounOf(issue.expected), issue.input);
    case "invalid_value":
      return expected(oneOf(issue.values.map((value) => `\`${String(value)}\``)), issue.input);
    case "invalid_union":
      return withinForm(issue) ?? expected(oneOf(formsOf(issue)), issue.input);
    case "too_small":
      return `expected ${amount(issue, issue.inclusive === false ? "more than" : "at least", issue.minimum)}`;
    case "too_big":
      return `expected ${amount(issue, issue.inclusive === false ? "less than" : "at most", issue.maximum)}`;
    case "invalid_format":
      return issue.pattern === undefined
        ? expected(`a text of the form \`${issue.format}\``, issue.input)
        : `expected a text that matches ${issue.pattern}`;
    case "unrecognized_keys":
      return `${issue.keys.map((key) => `\`${key}\``).join(", ")} cannot be given here`;
    case "invalid_key":
      return "no such name is allowed here";
    default:
      return OTHER_FORM;
  }
}

/** What was expected, and what is there, if anything is. */
function expected(what: string, input: unknown): string {
  if (what === "") return OTHER_FORM;
  const said = `expected ${what}`;
  if (input === undefined) return `is missing; ${said}`;
  return `${said}, not ${shown(input)}`;
}

/** A value in a message: short ones as they are, others by what they are. */
function shown(input: unknown): string {
  if (typeof input === "string") return input.length <= 40 ? `\`${input}\`` : "a text";
  if (input === null) return "nothing";
  if (Array.isArray(input)) return "a list";
  return typeof input === "object" ? "a map" : `\`${String(input)}\``;
}

function nounOf(type: string): string {
  return NOUNS[type] ?? `a value of type ${type}`;
}

/** What is wrong within the form of a union that was meant, if that can be told: the one whose mistakes all lie deeper. */
function withinForm({ errors }: Issue & { code: "invalid_union" }): string | undefined {
  const meant = errors.find((list) => list.length > 0 && list.every(({ path }) => path.length > 0));
  return meant?.map(({ path, message }) => `${path.map(String).join(".")}: ${message}`).join("; ");
}

/** The forms that a union accepts, each once; of values that are listed, the values. */
function formsOf(issue: Issue & { code: "invalid_union" }): string[] {
  if ("options" in issue && Array.isArray(issue.options) && issue.options.length > 0)
    return issue.options.map((option) => `\`${String(option)}\``);
  const own = issue.errors.flat().filter(({ path }) => path.length === 0);
  return own.flatMap((each) => {
    if (each.code === "invalid_type") return [nounOf(each.expected)];
    if (each.code === "invalid_value") return each.values.map((value) => `\`${String(value)}\``);
    return [];
  });
}

function oneOf(forms: readonly string[]): string {
  const distinct = [...new Set(forms)];
  const last = distinct.pop();
  if (last === undefined) return "";
  return distinct.length === 0 ? last : `${distinct.join(", ")} or ${last}`;
}

/** A bound of a number, or of how long a text or list may be. */
function amount({ origin }: { readonly origin: string }, bound: string, limit: number | bigint): string {
  if (origin === "string") return `a text of ${bound} ${limit} characters`;
  if (origin === "array") return `a list of ${bound} ${limit} item${Number(limit) === 1 ? "" : "s"}`;
  return `${bound === "more than" || bound === "less than" ? "a number" : "a number of"} ${bound} ${limit}`;
}
