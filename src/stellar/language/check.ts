/**
 * The checker: everything that can be said of an expression without data. Errors are what would fail or can only be
 * meant otherwise; warnings are the traps that stay for compatibility, and what has no effect.
 */

import { arityMistake, arityOf, kindName, paramAt } from "../run/call.ts";
import type { Environment } from "../run/environment.ts";
import { walk } from "../run/walk.ts";
import { areStepsUsedUp, withinSteps } from "../values/budget.ts";
import { StellarMap, toDouble, type Value, withArticle } from "../values/value.ts";
import { childrenOf, type Node, type NodeOf, visit } from "./ast.ts";
import { traps } from "./check-traps.ts";
import { type Span, StellarError } from "./error.ts";
import type { Param, Registry, StellarFunction } from "./function.ts";
import { nearest, suggestFunction } from "./nearest.ts";
import { parse } from "./parser.ts";
import { type Diagnostic, diagnosticOf } from "./report.ts";
import { aType, isNumber, type StaticType, staticType } from "./static-type.ts";

export type CheckOptions = {
  /** The fields that exist; others are reported. Without it any name is fine. */
  readonly variables?: Iterable<string>;
  /** What the expression must return, as a rule must return a boolean and a score a number; anything when left out. */
  readonly gives?: "boolean" | "number";
  /** What is known of the values of fields, by name: `text`, `ip`, `integer`, `boolean` and so on. */
  readonly fieldTypes?: ReadonlyMap<string, string>;
};

/** Steps that the constants of one expression may take together; what is beyond is not looked at. */
const CHECK_STEPS = 10_000_000;

/** Checks an expression. The diagnostics are in the order of the text; none means nothing to complain of. */
export function check(text: string, environment: Environment, options: CheckOptions = {}): Diagnostic[] {
  let node: Node | undefined;
  try {
    node = parse(text);
  } catch (error) {
    if (error instanceof StellarError) return [diagnosticOf(text, error)];
    throw error;
  }
  if (node === undefined) return [];
  const known = options.variables === undefined ? undefined : new Set(options.variables);
  const found: Diagnostic[] = [];
  visit(
    node,
    (below) => void found.push(...checkNode(below, environment), ...traps(below, text, environment.registry)),
  );
  if (known !== undefined) checkNames(node, { known, registry: environment.registry, found }, new Set());
  const tree = node;
  found.push(...withinSteps(CHECK_STEPS, () => checkConstants(tree, environment)));
  if (options.gives !== undefined) {
    const alone = ungrouped(node);
    if (alone.kind === "variable") found.push(...checkField(alone, options.gives, options.fieldTypes));
    else found.push(...checkResult(node, options.gives, environment));
  }
  return found.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
}

function checkNode(node: Node, environment: Environment): Diagnostic[] {
  const { registry } = environment;
  switch (node.kind) {
    case "call":
      return checkCall(node, environment);
    case "arithmetic":
      return [node.left, node.right].flatMap((side) =>
        checkOperand(side, node.op, staticType(side, registry)),
      );
    case "negate":
      return checkOperand(node.operand, "-", staticType(node.operand, registry));
    case "comparison":
      return checkComparison(node, staticType(node.left, registry), staticType(node.right, registry));
    case "if":
      return checkCondition(node.condition, staticType(node.condition, registry));
    case "match":
      return node.clauses.flatMap((clause) =>
        checkCondition(clause.check, staticType(clause.check, registry)),
      );
    default:
      return [];
  }
}

function checkCall(node: NodeOf<"call">, environment: Environment): Diagnostic[] {
  const definition = environment.registry.get(node.name);
  if (definition === undefined) {
    const meant = suggestFunction(node.name, environment.registry.names);
    return [error(`there is no function ${node.name}`, node.nameSpan, meant && `did you mean ${meant}?`)];
  }
  const found: Diagnostic[] = [];
  const missing = definition.needs.filter((need) => environment.services[need] === undefined);
  if (missing.length > 0) {
    found.push(
      error(`${node.name} needs ${missing.join(" and ")}, which this place does not provide`, node.nameSpan),
    );
  }
  const mistake = arityMistake(definition, node.args.length);
  if (mistake !== undefined) return [...found, error(mistake, node.span, `write ${signature(definition)}`)];
  node.args.forEach((arg, index) => {
    const param = paramAt(definition, index);
    if (param === undefined) {
      found.push(
        warning(`${node.name} ignores this argument: it takes ${arityOf(definition).most}`, arg.span),
      );
    } else if (!fits(param, staticType(arg, environment.registry))) {
      const type = aType(staticType(arg, environment.registry));
      found.push(
        error(
          `${node.name}: \`${param.name}\` must be ${withArticle(kindName(param.type))}, not ${type}`,
          arg.span,
        ),
      );
    }
  });
  return found;
}

/** A call as it is written, for help: `STARTS_WITH(input, prefix)`. */
export function signature(definition: StellarFunction): string {
  const params = definition.params.map(
    ({ name, optional, rest }) => `${name}${optional === true ? "?" : rest === true ? "..." : ""}`,
  );
  return `${definition.name}(${params.join(", ")})`;
}

function fits(param: Param, type: StaticType): boolean {
  if (type === "unknown" || type === "null") return true;
  switch (param.type) {
    case "string":
    case "boolean":
    case "list":
    case "set":
    case "map":
    case "lambda":
      return type === param.type;
    case "number":
      return isNumber(type);
    case "collection":
      return type === "list" || type === "set";
    case "any":
    case "text":
    case "integer":
    case "long":
    case "double":
      return true;
    default:
      return type === "object";
  }
}

function checkOperand(node: Node, op: string, type: StaticType): Diagnostic[] {
  if (type === "unknown" || isNumber(type)) return [];
  const suggestion = type === "string" ? "convert it with TO_INTEGER, TO_LONG or TO_DOUBLE" : undefined;
  return [error(`\`${op}\` works on numbers, not on ${aType(type)}`, node.span, suggestion)];
}

function checkComparison(node: NodeOf<"comparison">, left: StaticType, right: StaticType): Diagnostic[] {
  const equality = node.op === "==" || node.op === "!=";
  if (!equality && (left === "null" || right === "null")) {
    return [warning(`\`${node.op}\` with null is always false`, node.span, "compare with `== null`")];
  }
  if ([left, right].some((type) => type === "unknown" || type === "null")) return [];
  if (left === right || (isNumber(left) && isNumber(right))) {
    if (equality || isNumber(left) || left === "string" || left === "boolean") return [];
    return [error(`\`${node.op}\` cannot compare ${aType(left)} with ${aType(right)}`, node.span)];
  }
  if (!equality)
    return [error(`\`${node.op}\` cannot compare ${aType(left)} with ${aType(right)}`, node.span)];
  const always = node.op === "==" ? "false" : "true";
  return [warning(`this is always ${always}: ${aType(left)} never equals ${aType(right)}`, node.span)];
}

function checkCondition(node: Node, type: StaticType): Diagnostic[] {
  if (["unknown", "boolean", "null", "list", "set", "map"].includes(type)) return [];
  return [error(`a condition must be a boolean, not ${aType(type)}`, node.span, "compare it with something")];
}

function checkResult(node: Node, gives: "boolean" | "number", environment: Environment): Diagnostic[] {
  const type = staticType(node, environment.registry);
  if (type === "unknown" || type === "null") return [];
  if (gives === "boolean") {
    return type === "boolean" ? [] : [error(`a rule must give a boolean, not ${aType(type)}`, node.span)];
  }
  // A text may read as a number; which one it is shows only when it is a literal.
  const isText = type === "string" && !(node.kind === "literal" && toDouble(node.value) === null);
  return isNumber(type) || isText ? [] : [error(`a score must give a number, not ${aType(type)}`, node.span)];
}

/** A field that stands alone where a boolean or a number is asked for. */
function checkField(
  { name, span }: NodeOf<"variable">,
  gives: "boolean" | "number",
  types: CheckOptions["fieldTypes"],
): Diagnostic[] {
  const part = gives === "boolean" ? "rule" : "score";
  const type = types?.get(name);
  const cure = gives === "boolean" ? `write exists(${name}), or compare it with something` : undefined;
  if (type === undefined) {
    const effect = `no field \`${name}\` is known; where it does not hold a ${gives}, the ${part} rejects the message`;
    return [warning(effect, span, cure)];
  }
  if (type === "any") return [];
  // `is_alert` and its like hold the text "true".
  const fits = gives === "boolean" ? type === "boolean" || name.startsWith("is_") : isNumeric(type);
  return fits
    ? []
    : [error(`a ${part} must give a ${gives}, and \`${name}\` holds a value of type ${type}`, span, cure)];
}

function isNumeric(type: string): boolean {
  return ["integer", "long", "float", "double", "date"].includes(type);
}

function ungrouped(node: Node): Node {
  return node.kind === "group" ? ungrouped(node.inner) : node;
}

type Names = {
  readonly known: ReadonlySet<string>;
  readonly registry: Registry;
  readonly found: Diagnostic[];
};

/** Names that nothing defines; parameters count inside their lambda. */
function checkNames(node: Node, names: Names, params: ReadonlySet<string>): void {
  if (
    node.kind === "variable" &&
    !names.known.has(node.name) &&
    !params.has(node.name) &&
    node.name !== "_"
  ) {
    const meant = nearest(node.name, [...names.known, ...params]);
    const called =
      names.registry.get(node.name) === undefined
        ? undefined
        : `write x -> ${node.name}(x) to pass a function`;
    const suggestion = called ?? (meant && `did you mean \`${meant}\`?`);
    names.found.push(warning(`there is no field \`${node.name}\``, node.span, suggestion));
  }
  const inner = node.kind === "lambda" ? new Set([...params, ...node.params]) : params;
  for (const child of childrenOf(node)) checkNames(child, names, inner);
}

/** The largest parts without variables: what always fails or is always null is worth a word. */
function checkConstants(node: Node, environment: Environment): Diagnostic[] {
  if (node.kind === "literal" || node.kind === "lambda") return [];
  if (!isConstant(node, environment))
    return childrenOf(node).flatMap((child) => checkConstants(child, environment));
  if (node.kind === "list" || node.kind === "map") return [];
  try {
    const value: Value = walk(node, environment, { get: () => undefined, all: () => new StellarMap() });
    return value === null ? [warning("this is always null", node.span)] : [];
  } catch (failure) {
    if (!(failure instanceof StellarError)) throw failure;
    if (areStepsUsedUp()) return [];
    // What the rules above already said is not said again.
    if (childrenOf(node).length === 0 || node.kind !== "call") return [];
    return checkCall(node, environment).length > 0
      ? []
      : [error(`this always fails: ${failure.message}`, node.span)];
  }
}

function isConstant(node: Node, environment: Environment): boolean {
  let constant = true;
  visit(node, (below) => {
    if (below.kind === "variable" || below.kind === "exists" || below.kind === "lambda") constant = false;
    if (below.kind !== "call") return;
    const definition = environment.registry.get(below.name);
    if (definition === undefined || !definition.pure || definition.services) constant = false;
  });
  return constant;
}

function error(message: string, span: Span, suggestion?: string): Diagnostic {
  return diagnostic("error", message, span, suggestion);
}

function warning(message: string, span: Span, suggestion?: string): Diagnostic {
  return diagnostic("warning", message, span, suggestion);
}

function diagnostic(
  severity: Diagnostic["severity"],
  message: string,
  span: Span,
  suggestion: string | undefined,
): Diagnostic {
  return suggestion === undefined ? { severity, message, span } : { severity, message, span, suggestion };
}
