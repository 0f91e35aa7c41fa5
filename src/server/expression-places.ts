import { isScalar, parseDocument, Scalar } from "yaml";
import type { ExpressionPlace } from "../api/config.ts";
import type { Diagnostic } from "../api/problem.ts";
import { readSensor } from "../config/sensor.ts";
import { Fault } from "../core/fault.ts";
import { type Expression, expressionsOf, givenBy } from "../platform/check-expressions.ts";
import { check } from "../stellar/language/check.ts";
import { placeOf } from "../stellar/language/report.ts";
import type { Environment } from "../stellar/run/environment.ts";

/** An expression and where its text lies in the document, as offsets. */
type Placed = Expression & ExpressionPlace & { readonly offsetOf: (at: number) => number };

/** Where the expressions of a sensor document stand in its text; undefined while it cannot be read as one. */
export function placeExpressions(text: string): readonly Placed[] | undefined {
  try {
    const found = expressionsOf(readSensor(text, "document").sensor);
    const document = parseDocument(text);
    return found.flatMap((expression) => {
      const node = document.getIn(expression.path as (string | number)[], true);
      return isScalar(node) ? (placed(expression, node, text) ?? []) : [];
    });
  } catch (error) {
    if (error instanceof Fault && error.code === "CONFIG_INVALID") return undefined;
    throw error;
  }
}

/** The diagnostics, of which those about an expression are put where the checker finds the mistake inside it. */
export function refine(
  diagnostics: readonly Diagnostic[],
  expressions: readonly Placed[],
  text: string,
  environment: Environment,
): Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.flatMap((diagnostic) => {
    const { path } = diagnostic;
    const expression = expressions.find((each) => each.path.map(String).join(".") === path);
    if (path === undefined || expression === undefined) return diagnostic;
    const found = check(expression.text, environment, givenBy(expression));
    if (found.length === 0) return diagnostic;
    if (seen.has(path)) return [];
    seen.add(path);
    return found.map(({ severity, message, span, suggestion }) => {
      const from = expression.offsetOf(span.start);
      const to = Math.max(from, expression.offsetOf(span.end - 1) + 1);
      return {
        severity,
        message,
        path,
        ...placeOf(text, from),
        length: span.end > span.start ? to - from : 0,
        ...(suggestion === undefined ? {} : { suggestion }),
      };
    });
  });
}

/**
 * YAML folds lines and indents, so that an expression and its text in the document differ in white space: the n-th
 * other character of the one is the n-th of the other, counted from the end, as a header (`>-`) or a name
 * (`x := ...`) may stand before it. Undefined where escapes make more of a difference.
 */
function placed(expression: Expression, node: Scalar, text: string): Placed | undefined {
  const [begin, end] = node.range ?? [0, 0];
  const quote = node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE ? 1 : 0;
  const source = inkOf(text, begin + quote, end - quote);
  const wanted = inkOf(expression.text, 0, expression.text.length);
  const skipped = source.length - wanted.length;
  const isSame = wanted.every((at, n) => text[source[skipped + n] as number] === expression.text[at]);
  const [first] = source.slice(Math.max(0, skipped));
  const last = source.at(-1);
  if (skipped < 0 || !isSame || first === undefined || last === undefined) return undefined;
  return {
    ...expression,
    from: first,
    to: last + 1,
    offsetOf(at) {
      const n = wanted.findIndex((each) => each >= at);
      return n < 0 ? last + 1 : (source[skipped + n] as number);
    },
  };
}

/** The offsets of what is no white space. */
function inkOf(text: string, from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n).filter((at) =>
    /\S/.test(text[at] as string),
  );
}
