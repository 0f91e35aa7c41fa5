/** What to say of a token that does not fit: the likely slip first. */
import { type Span, StellarSyntaxError } from "./error.ts";
import { isKeyword, type Token } from "./lexer.ts";

/** The error for token `at`, where something else was `expected`. */
export function mistakeAt(
  text: string,
  tokens: readonly Token[],
  at: number,
  expected: string,
): StellarSyntaxError {
  const token = tokens[at] as Token;
  const before = tokens[at - 1];
  const span: Span = { start: token.start, end: token.end };
  const found =
    token.type === "end" ? "the expression ends" : `found \`${text.slice(token.start, token.end)}\``;
  return new StellarSyntaxError(
    `expected ${expected}, but ${found}`,
    span,
    suggestionFor(token, before, expected),
  );
}

function suggestionFor(token: Token, before: Token | undefined, expected: string): string | undefined {
  if (
    before?.type === "identifier" &&
    before.value.includes(":") &&
    (expected === "`:`" || expected === "`->`")
  ) {
    const [left, right] = before.value.split(/:(.*)/);
    return `a colon may be part of a name; write \`${left} : ${right}\``;
  }
  if (expected === "`,`" && token.value === "}") return "a `match` ends with `default => value`";
  if (expected === "`else`") return "an `if` always has an `else`";
  if (token.type === "symbol" && token.value === "=>" && before?.type === "identifier")
    return "write `->` for a lambda";
  if (token.type === "keyword" && expected === "a value")
    return `\`${token.value}\` is a keyword and cannot name a variable`;
  if (before?.type === "keyword" && before.value === "default") return "write `default => value`";
  if (before?.type === "number" && token.type === "identifier" && token.start === before.end) {
    return "a number ends with one of `l`, `f`, `d`, or with a space";
  }
  if (token.type === "identifier" || token.type === "number" || token.type === "string") {
    if (expected.startsWith("an operator")) return wordSuggestion(token, before);
  }
  return undefined;
}

function wordSuggestion(token: Token, before: Token | undefined): string | undefined {
  const earlier = String(before?.value).toLowerCase();
  if (before?.type === "identifier" && isKeyword(earlier)) {
    return `keywords are all lower or all upper case: write \`${earlier}\``;
  }
  const word = String(token.value).toLowerCase();
  if (token.type === "identifier" && ["and", "or", "in", "not", "then", "else"].includes(word)) {
    return `keywords are all lower or all upper case: write \`${word}\``;
  }
  if (before?.type === "identifier" && token.type === "string")
    return `write \`${before.value}(...)\` to call a function`;
  return undefined;
}
