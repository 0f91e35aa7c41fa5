/** What is beside an operator: numbers as they are written, and what can never be calculated with. */
import type { ArithmeticOperator, Node } from "../language/ast.ts";
import { type Span, StellarSyntaxError } from "../language/error.ts";
import { spanOf } from "../language/token-reader.ts";
import { Double, Float } from "./value.ts";

/** What can never be calculated with is refused where it is, as in the original's grammar. */
export function refuseOperand(node: Node, op: ArithmeticOperator, place: Span): void {
  const inner = node.kind === "group" ? node.inner : node;
  const noun = nounOf(inner);
  if (noun === undefined) return;
  const suggestion =
    noun === "a string" && op === "+" ? "write JOIN(['a', 'b'], '') to put texts together" : undefined;
  throw new StellarSyntaxError(`\`${op}\` does not work on ${noun}`, spanOf(place), suggestion);
}

function nounOf(node: Node): string | undefined {
  switch (node.kind) {
    case "literal":
      if (node.value === null) return "null";
      if (typeof node.value === "string") return "a string";
      return typeof node.value === "boolean" ? "a boolean" : undefined;
    case "list":
      return "a list";
    case "map":
      return "a map";
    case "lambda":
      return "a lambda";
    case "not":
    case "exists":
    case "comparison":
    case "in":
    case "logical":
      return "a boolean";
    default:
      return undefined;
  }
}

/** A number as it is in the text: the lexer lets pass what only a minus makes fit. */
export function positive(
  value: number | bigint | Double | Float,
  span: Span,
): number | bigint | Double | Float {
  if (value === 2 ** 31) {
    throw new StellarSyntaxError(
      "the number does not fit 32 bits",
      spanOf(span),
      `write \`${value}L\` for a long`,
    );
  }
  if (value === 2n ** 63n) throw new StellarSyntaxError("the number does not fit 64 bits", spanOf(span));
  return value;
}

/** A number behind a minus. */
export function negative(value: number | bigint | Double | Float): number | bigint | Double | Float {
  if (typeof value === "bigint") return -value;
  if (typeof value === "number") return -value | 0;
  return value instanceof Double ? new Double(-value.value) : new Float(-value.value);
}
