/**
 * Collects generated JavaScript. Text of an expression never becomes code: literals are escaped by JSON or handed
 * over as values, names are made here, and the finished function reaches nothing but what was handed over.
 */
import { Double, Float, type Value } from "../../values/value.ts";

export class Emitter {
  readonly #lines: string[] = [];
  readonly #names: string[] = [];
  readonly #values: unknown[] = [];
  readonly #known = new Map<unknown, string>();
  #count = 0;

  /** Adds a statement. */
  line(text: string): void {
    this.#lines.push(text);
  }

  /** A name no other part of the code has. */
  fresh(prefix = "t"): string {
    return `${prefix}${this.#count++}`;
  }

  /** Assigns an expression to a new local and returns its name. */
  local(expression: string, prefix = "t"): string {
    const name = this.fresh(prefix);
    this.line(`let ${name} = ${expression};`);
    return name;
  }

  /** Hands a value over and returns the name the code sees it under. */
  hoist(value: unknown, prefix = "h"): string {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const name = this.fresh(prefix);
    this.#names.push(name);
    this.#values.push(value);
    this.#known.set(value, name);
    return name;
  }

  /** The code for a constant. */
  constant(value: Value): string {
    switch (typeof value) {
      case "string":
        return JSON.stringify(value);
      case "number":
        return value < 0 ? `(${value})` : `${value}`;
      case "bigint":
        return value < 0n ? `(${value}n)` : `${value}n`;
      case "boolean":
        return String(value);
    }
    return value === null ? "null" : this.hoist(value);
  }

  /** The statements added by `write`, instead of where they would go. */
  capture(write: () => void): string {
    const from = this.#lines.length;
    write();
    return this.#lines.splice(from).join("\n");
  }

  /** Calls `new Function` on `source`, whose free names are the hoisted ones, and returns what it returns. */
  build(source: string): unknown {
    const names = this.#names;
    return new Function(...names, `"use strict";\n${source}`)(...this.#values);
  }
}

/** Whether a value cannot change, so that one copy serves every evaluation. */
export function isImmutable(value: Value): boolean {
  return typeof value !== "object" || value === null || value instanceof Double || value instanceof Float;
}

/** Whether this place allows code to be generated; a page with a strict content policy does not. */
export const canGenerate: boolean = (() => {
  try {
    return new Function("return true")() === true;
  } catch (error) {
    if (error instanceof EvalError) return false;
    throw error;
  }
})();
