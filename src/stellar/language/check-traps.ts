/** The traps of the language, kept because rules in the field depend on them: each gets a warning where it bites. */

import { keyOf } from "../values/value.ts";
import type { Node, NodeOf } from "./ast.ts";
import type { Registry } from "./function.ts";
import type { Diagnostic } from "./report.ts";
import { aType, isNumber, type StaticType, staticType } from "./static-type.ts";

/** What is surprising about one node; `text` is the whole expression. */
export function traps(node: Node, text: string, registry: Registry): Diagnostic[] {
  switch (node.kind) {
    case "logical":
      return sharedLevel(node, text);
    case "arithmetic":
      return node.op === "/" ? [...tighterProduct(node, text), ...integerDivision(node, registry)] : [];
    case "in":
      return [...widerRight(node, text), ...strictMembership(node, registry)];
    case "map":
      return repeatedKeys(node);
    default:
      return [];
  }
}

/** `a and b or c` reads `a and (b or c)`; most people expect `(a and b) or c`. */
function sharedLevel(node: NodeOf<"logical">, text: string): Diagnostic[] {
  const { right } = node;
  if (node.op !== "and" || right.kind !== "logical" || right.op !== "or") return [];
  return [
    {
      severity: "warning",
      message: "`and` and `or` share one level and group to the right",
      span: node.span,
      suggestion: `this reads ${sourceOf(node.left, text)} and (${sourceOf(right, text)}); write the parentheses you mean`,
    },
  ];
}

function tighterProduct(node: NodeOf<"arithmetic">, text: string): Diagnostic[] {
  const { right } = node;
  if (right.kind !== "arithmetic" || right.op !== "*") return [];
  return [
    {
      severity: "warning",
      message: "`*` binds tighter than `/`",
      span: node.span,
      suggestion: `this reads ${sourceOf(node.left, text)} / (${sourceOf(right, text)}); write the parentheses you mean`,
    },
  ];
}

const WHOLE: readonly StaticType[] = ["int", "long"];

function integerDivision(node: NodeOf<"arithmetic">, registry: Registry): Diagnostic[] {
  if (![node.left, node.right].every((side) => WHOLE.includes(staticType(side, registry)))) return [];
  return [
    {
      severity: "warning",
      message: "dividing whole numbers cuts the fraction off",
      span: node.span,
      suggestion: "make one of them a double, as in `7 / 2.0`",
    },
  ];
}

/** The right side of `in` takes a comparison that follows. */
function widerRight(node: NodeOf<"in">, text: string): Diagnostic[] {
  if (node.right.kind !== "comparison") return [];
  const word = node.negated ? "not in" : "in";
  return [
    {
      severity: "warning",
      message: `the right side of \`${word}\` is the whole comparison`,
      span: node.span,
      suggestion: `this reads ${sourceOf(node.left, text)} ${word} (${sourceOf(node.right, text)}); write the parentheses you mean`,
    },
  ];
}

/** Membership is strict about types: 1 is not in [1L]. */
function strictMembership(node: NodeOf<"in">, registry: Registry): Diagnostic[] {
  const left = staticType(node.left, registry);
  if (!isNumber(left) || node.right.kind !== "list") return [];
  const types = new Set(node.right.elements.map((element) => staticType(element, registry)));
  const [only] = types;
  if (types.size !== 1 || only === undefined || !isNumber(only) || only === left) return [];
  return [
    {
      severity: "warning",
      message: `membership is strict about types: this looks for ${aType(left)} among values of type ${only}`,
      span: node.span,
      suggestion: "convert the left side, or write the elements in its type",
    },
  ];
}

function repeatedKeys(node: NodeOf<"map">): Diagnostic[] {
  const seen = new Set<unknown>();
  return node.entries.flatMap(([key]) => {
    if (key.kind !== "literal") return [];
    const id = keyOf(key.value);
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [
      { severity: "warning", message: "the key is there already, and the first one wins", span: key.span },
    ];
  });
}

function sourceOf(node: Node, text: string): string {
  return text.slice(node.span.start, node.span.end);
}
