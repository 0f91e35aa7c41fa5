/**
 * Tree to a JavaScript function of variables. Everything with a fast common case is inlined, the rest calls the
 * operators of semantics.ts; evaluation order and errors are the walker's.
 */
import type { Node, NodeOf } from "../../language/ast.ts";
import { type Span, StellarError } from "../../language/error.ts";
import type { StellarFunction } from "../../language/function.ts";
import { enter, leave, spend } from "../../values/budget.ts";
import {
  arithmetic,
  condition,
  isEqual,
  isFalsy,
  isIn,
  isOrdered,
  negate,
  truth,
} from "../../values/semantics.ts";
import { Double, Lambda, StellarMap, StellarSet, type Value } from "../../values/value.ts";
import { argument, arityMistake, checkArity, finish, paramAt, servicesFor } from "../call.ts";
import type { Environment } from "../environment.ts";
import { resolve } from "../environment.ts";
import type { Variables } from "../variables.ts";
import { unknownFunction } from "../walk.ts";
import { Emitter } from "./emitter.ts";
import { constantList, fold, isBoolean, isPlainLiteral, passesAsIs } from "./static.ts";

export type Evaluate = (variables: Variables) => Value;

/** Generates the function for a tree. */
export function generateScalar(node: Node, environment: Environment): Evaluate {
  return new ScalarGenerator(environment).generate(node);
}

/** Names of lambda parameters in scope, each with the local that holds it. */
type Locals = ReadonlyMap<string, string> | undefined;

const runtime = {
  arithmetic,
  condition,
  isEqual,
  isFalsy,
  isIn,
  isOrdered,
  negate,
  truth,
  resolve,
  argument,
  finish,
  checkArity,
  servicesFor,
  unknownFunction,
  spend,
  Double,
  /** Of two equal keys the first wins. */
  map(entries: readonly (readonly [Value, Value])[]): StellarMap {
    const result = new StellarMap();
    for (const [key, value] of entries) if (!result.has(key)) result.set(key, value);
    return result;
  },
  lambda(params: readonly string[], body: (...args: Value[]) => Value): Lambda {
    return new Lambda(params, (...args) => {
      enter();
      try {
        return body(...args);
      } finally {
        leave();
      }
    });
  },
  act: (value: Value): Value => (value instanceof Lambda ? value.call() : value),
};

class ScalarGenerator {
  readonly #environment: Environment;
  readonly #emit = new Emitter();
  readonly #spans: Span[] = [];
  readonly #r: string;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#r = this.#emit.hoist(runtime, "R");
  }

  generate(node: Node): Evaluate {
    const body = this.#emit.capture(() => this.#emit.line(`return ${this.#value(node, undefined)};`));
    const source = `let at = -1;\nreturn { run(v) {\nat = -1;\n${body}\n}, place: () => at };`;
    const built = this.#emit.build(source) as { run: Evaluate; place: () => number };
    const { run, place } = built;
    const spans = this.#spans;
    return (variables) => {
      enter();
      try {
        return run(variables);
      } catch (error) {
        if (error instanceof StellarError) error.span ??= spans[place()] ?? node.span;
        throw error;
      } finally {
        leave();
      }
    };
  }

  /** The code that notes where in the text we are, for errors. */
  #place(span: Span): string {
    this.#spans.push(span);
    return `at = ${this.#spans.length - 1}`;
  }

  #value(node: Node, locals: Locals): string {
    const { R, emit } = { R: this.#r, emit: this.#emit };
    switch (node.kind) {
      case "literal":
        return emit.constant(node.value);
      case "group":
        return this.#value(node.inner, locals);
      case "variable":
        return this.#variable(node, locals);
      case "exists": {
        const local = locals?.get(node.name);
        if (local !== undefined) return emit.local(`${local} !== null`);
        return emit.local(`(${this.#read(node.name)} ?? null) !== null`);
      }
      case "list":
        if (locals !== undefined) emit.line(`${R}.spend(${node.elements.length});`);
        return emit.local(`[${node.elements.map((element) => this.#value(element, locals)).join(", ")}]`);
      case "map": {
        // Only a lambda runs often enough for literals to fill the memory.
        if (locals !== undefined) emit.line(`${R}.spend(${node.entries.length});`);
        const entries = node.entries.map(
          (entry) => `[${entry.map((part) => this.#value(part, locals)).join(", ")}]`,
        );
        return emit.local(`${R}.map([${entries.join(", ")}])`);
      }
      case "lambda":
        return this.#lambda(node, locals);
      case "call":
        return this.#call(node, locals);
      case "not":
        return emit.local(`!${this.#truth(node.operand, locals)}`);
      case "negate": {
        const operand = this.#value(node.operand, locals);
        return emit.local(`(${this.#place(node.span)}, ${R}.negate(${operand}))`);
      }
      case "arithmetic":
        return this.#arithmetic(node, locals);
      case "comparison":
        return this.#comparison(node, locals);
      case "in":
        return this.#in(node, locals);
      case "logical":
        return this.#logical(node, locals);
      case "if":
        return this.#if(node, locals);
      case "match":
        return this.#match(node, locals);
    }
  }

  #read(name: string): string {
    return name === "_" ? "v.all()" : `v.get(${JSON.stringify(name)})`;
  }

  #variable(node: NodeOf<"variable">, locals: Locals): string {
    const local = locals?.get(node.name);
    if (local !== undefined) return local;
    const value = this.#emit.local(this.#read(node.name));
    if (locals !== undefined || this.#environment.missing === "null") {
      this.#emit.line(`if (${value} === undefined) ${value} = null;`);
    } else {
      const environment = this.#emit.hoist(this.#environment);
      const name = JSON.stringify(node.name);
      this.#emit.line(
        `if (${value} === undefined) { ${this.#place(node.span)}; ${this.#r}.resolve(${name}, undefined, ${environment}); }`,
      );
    }
    return value;
  }

  #lambda(node: NodeOf<"lambda">, locals: Locals): string {
    const inner = new Map(locals);
    const params = node.params.map((name) => {
      const local = this.#emit.fresh("p");
      inner.set(name, local);
      return `${local} = null`;
    });
    const body = this.#emit.capture(() => this.#emit.line(`return ${this.#value(node.body, inner)};`));
    const names = this.#emit.hoist(node.params);
    return this.#emit.local(`${this.#r}.lambda(${names}, (${params.join(", ")}) => {\n${body}\n})`);
  }

  #call(node: NodeOf<"call">, locals: Locals): string {
    const { registry, services } = this.#environment;
    const R = this.#r;
    const definition = registry.get(node.name);
    if (definition === undefined) {
      this.#emit.line(
        `${this.#place(node.nameSpan)}; throw ${R}.unknownFunction(${JSON.stringify(node.name)}, ${this.#emit.hoist(registry.names)});`,
      );
      return "null";
    }
    const folded = fold(node, definition, this.#environment);
    if (folded !== undefined) return this.#emit.constant(folded);
    const values = node.args.map((arg) => this.#value(arg, locals));
    const handle = this.#emit.hoist(definition);
    this.#emit.line(`${this.#place(node.nameSpan)};`);
    if (arityMistake(definition, values.length) !== undefined) {
      this.#emit.line(`${R}.checkArity(${handle}, ${values.length});`);
      return "null";
    }
    const args = values.flatMap((value, index) =>
      this.#argument(definition, handle, node.args[index], index, value),
    );
    if (definition.services) args.unshift(`${R}.servicesFor(${handle}, ${this.#emit.hoist(services)})`);
    const result = this.#emit.local(`${this.#emit.hoist(definition.call)}(${args.join(", ")})`);
    return this.#finish(definition, result);
  }

  #argument(
    definition: StellarFunction,
    handle: string,
    node: Node | undefined,
    index: number,
    value: string,
  ): readonly string[] {
    const param = paramAt(definition, index);
    if (param === undefined) return [];
    if (param.type === "any" || (node?.kind === "literal" && passesAsIs(param, node.value))) return [value];
    const slow = `${this.#r}.argument(${handle}, ${this.#emit.hoist(param)}, ${value})`;
    switch (param.type) {
      case "string":
      case "text":
        return [this.#emit.local(`typeof ${value} === "string" ? ${value} : ${slow}`)];
      case "boolean":
        return [this.#emit.local(`typeof ${value} === "boolean" ? ${value} : ${slow}`)];
      case "integer":
      case "number":
        return [this.#emit.local(`typeof ${value} === "number" ? ${value} : ${slow}`)];
      default:
        return [this.#emit.local(slow)];
    }
  }

  #finish(definition: StellarFunction, result: string): string {
    switch (definition.returns) {
      case "boolean":
      case "integer":
        return this.#emit.local(`${result} ?? null`);
      case "double":
        return this.#emit.local(`${result} == null ? null : new ${this.#r}.Double(${result})`);
      default:
        return this.#emit.local(`${this.#r}.finish(${JSON.stringify(definition.returns)}, ${result})`);
    }
  }

  #arithmetic(node: NodeOf<"arithmetic">, locals: Locals): string {
    const left = this.#value(node.left, locals);
    const right = this.#value(node.right, locals);
    const slow = `(${this.#place(node.span)}, ${this.#r}.arithmetic("${node.op}", ${left}, ${right}))`;
    const fast = {
      "+": `(${left} + ${right}) | 0`,
      "-": `(${left} - ${right}) | 0`,
      "*": `Math.imul(${left}, ${right})`,
      "/": `(${left} / ${right}) | 0`,
    }[node.op];
    const guard = node.op === "/" ? ` && ${right} !== 0` : "";
    return this.#emit.local(
      `typeof ${left} === "number" && typeof ${right} === "number"${guard} ? ${fast} : ${slow}`,
    );
  }

  #comparison(node: NodeOf<"comparison">, locals: Locals): string {
    const left = this.#value(node.left, locals);
    const right = this.#value(node.right, locals);
    if (node.op === "==" || node.op === "!=") {
      const same = `${left} === ${right}`;
      // Strings, booleans and null equal nothing but themselves.
      const whole = isPlainLiteral(node.left) || isPlainLiteral(node.right);
      const equal = whole ? same : `(${same} || ${this.#r}.isEqual(${left}, ${right}))`;
      return this.#emit.local(node.op === "==" ? equal : `!(${equal})`);
    }
    const slow = `(${this.#place(node.span)}, ${this.#r}.isOrdered("${node.op}", ${left}, ${right}))`;
    return this.#emit.local(
      `typeof ${left} === "number" && typeof ${right} === "number" ? ${left} ${node.op} ${right} : ${slow}`,
    );
  }

  #in(node: NodeOf<"in">, locals: Locals): string {
    const left = this.#value(node.left, locals);
    const found = constantList(node.right);
    if (found !== undefined) {
      const set = this.#emit.hoist(new StellarSet(found));
      return this.#emit.local(`${set}.has(${left}) === ${!node.negated}`);
    }
    const right = this.#value(node.right, locals);
    return this.#emit.local(`${this.#r}.isIn(${left}, ${right}) === ${!node.negated}`);
  }

  /** A chain becomes one flat block that is left as soon as the result is settled. */
  #logical(node: NodeOf<"logical">, locals: Locals): string {
    const emit = this.#emit;
    const result = emit.local("undefined", "b");
    const settled = emit.local("undefined", "s");
    const label = emit.fresh("L");
    const body = emit.capture(() => {
      let at: Node = node;
      for (; at.kind === "logical"; at = at.right) {
        const decides = at.op === "or";
        const left = this.#value(at.left, locals);
        const stops = isBoolean(at.left)
          ? `${left} === ${decides}`
          : `${left} === ${decides}${decides ? "" : ` || ${this.#r}.isFalsy(${left})`}`;
        emit.line(`if (${stops}) { ${result} = ${settled} ?? ${decides}; break ${label}; }`);
        if (!isBoolean(at.left)) {
          emit.line(
            `if (${settled} === undefined && ${this.#r}.truth(${left}) === ${decides}) ${settled} = ${decides};`,
          );
        }
      }
      emit.line(`${result} = ${this.#truth(at, locals)};`);
      emit.line(`if (${settled} !== undefined) ${result} = ${settled};`);
    });
    emit.line(`${label}: {\n${body}\n}`);
    return result;
  }

  #truth(node: Node, locals: Locals): string {
    const value = this.#value(node, locals);
    return isBoolean(node) ? value : this.#emit.local(`${this.#r}.truth(${value})`);
  }

  #condition(node: Node, locals: Locals): string {
    const value = this.#value(node, locals);
    if (isBoolean(node)) return value;
    return this.#emit.local(
      `typeof ${value} === "boolean" ? ${value} : (${this.#place(node.span)}, ${this.#r}.condition(${value}))`,
    );
  }

  #if(node: NodeOf<"if">, locals: Locals): string {
    const emit = this.#emit;
    const result = emit.local("null");
    const check = this.#condition(node.condition, locals);
    const then = emit.capture(() => emit.line(`${result} = ${this.#value(node.then, locals)};`));
    const otherwise = emit.capture(() => emit.line(`${result} = ${this.#value(node.otherwise, locals)};`));
    emit.line(`if (${check}) {\n${then}\n} else {\n${otherwise}\n}`);
    return result;
  }

  #match(node: NodeOf<"match">, locals: Locals): string {
    const emit = this.#emit;
    const result = emit.local("null");
    const label = emit.fresh("L");
    const body = emit.capture(() => {
      for (const { check, action } of node.clauses) {
        const holds = this.#condition(check, locals);
        const act = emit.capture(() => emit.line(`${result} = ${this.#value(action, locals)};`));
        emit.line(`if (${holds}) {\n${act}\nbreak ${label};\n}`);
      }
      emit.line(`${result} = ${this.#value(node.otherwise, locals)};`);
    });
    emit.line(`${label}: {\n${body}\n}`);
    return emit.local(`${this.#r}.act(${result})`);
  }
}
