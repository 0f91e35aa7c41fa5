/** Where a statement of the shell ends, and what it consists of. */
import { StellarSyntaxError } from "../language/error.ts";
import { isKeyword } from "../language/lexer.ts";
import { parse } from "../language/parser.ts";

const NAME = /^[A-Za-z_$](?:[A-Za-z_.:0-9]*[A-Za-z_.0-9])?$/;

/** Whether a text can name a variable. */
export function isName(text: string): boolean {
  return NAME.test(text) && !isKeyword(text);
}

/** The two sides of `name := expression`; a `:=` inside a string or a comment assigns nothing. */
export function assignmentIn(
  text: string,
): { readonly name: string; readonly expression: string } | undefined {
  const at = text.indexOf(":=");
  if (at < 0) return undefined;
  const name = text.slice(0, at).trim();
  if (/['"]|\/\//.test(name)) return undefined;
  return { name, expression: text.slice(at + 2).trim() };
}

/** Whether a statement needs more lines: a bracket or string is open, or an operator waits for its right side. */
export function isIncomplete(text: string): boolean {
  const expression = expressionOf(text);
  if (expression === undefined) return false;
  if (expression.trim() === "") return text.includes(":=");
  try {
    parse(expression);
    return false;
  } catch (error) {
    if (!(error instanceof StellarSyntaxError) || error.span === undefined) return false;
    return error.span.end >= expression.length && error.message !== "" && endsTooEarly(error, expression);
  }
}

/** The mistake is at the very end, or is a string that runs to it. */
function endsTooEarly(error: StellarSyntaxError, expression: string): boolean {
  return error.span?.start === expression.length || error.message === "the string does not end";
}

/** The part that is an expression, for statements that have one. */
function expressionOf(text: string): string | undefined {
  const trimmed = text.trimStart();
  if (trimmed.startsWith("?") || trimmed.startsWith("#")) return undefined;
  const magic = /^%(time|define)\s+([\s\S]*)$/.exec(trimmed);
  if (trimmed.startsWith("%") && magic === null) return undefined;
  let expression = magic?.[2] ?? trimmed;
  for (let inner = assignmentIn(expression); inner !== undefined; inner = assignmentIn(expression)) {
    expression = inner.expression;
  }
  return expression;
}

/** The statements of a script: each ends with its line, unless it needs more. */
export function statementsIn(script: string): string[] {
  const statements: string[] = [];
  let open = "";
  for (const line of script.split(/\r?\n/)) {
    open = open === "" ? line : `${open}\n${line}`;
    if (isIncomplete(open)) continue;
    if (open.trim() !== "") statements.push(open);
    open = "";
  }
  return open.trim() === "" ? statements : [...statements, open];
}
