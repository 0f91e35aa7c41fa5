/** Values as JSON, laid out as Jackson's pretty printer does, in which Metron keeps its configuration. */
import { checkTextSize } from "./budget.ts";
import { StellarError } from "./error.ts";
import { Double, Float, StellarMap, StellarSet, toText, type Value } from "./value.ts";

const MAX_DEPTH = 200;

/** JSON over several lines. Maps take the text of their keys; what JSON does not know becomes its text. */
export function prettyJson(value: Value): string {
  return write(value, "\n", 0);
}

/** JSON on one line, without blanks. */
export function compactJson(value: Value): string {
  return write(value, undefined, 0);
}

function write(value: Value, indent: string | undefined, depth: number): string {
  if (depth > MAX_DEPTH) throw new StellarError(`the value nests deeper than ${MAX_DEPTH}`);
  if (value === null || typeof value === "boolean" || typeof value === "number") return String(value);
  if (typeof value === "bigint") return String(value);
  if (value instanceof Double || value instanceof Float) {
    return Number.isFinite(value.value) ? toText(value) : `"${toText(value)}"`;
  }
  if (Array.isArray(value) || value instanceof StellarSet) return writeList(value, indent, depth);
  if (value instanceof StellarMap) return writeMap(value, indent, depth);
  return JSON.stringify(toText(value));
}

function writeList(list: Iterable<Value>, indent: string | undefined, depth: number): string {
  const items = Array.from(list, (item) => write(item, indent, depth + 1));
  if (indent === undefined) return checked(`[${items.join(",")}]`);
  return checked(items.length === 0 ? "[ ]" : `[ ${items.join(", ")} ]`);
}

function writeMap(map: StellarMap, indent: string | undefined, depth: number): string {
  const inner = indent === undefined ? undefined : `${indent}  `;
  const items = Array.from(map, ([key, value]) => {
    const colon = indent === undefined ? ":" : " : ";
    return `${JSON.stringify(toText(key))}${colon}${write(value, inner, depth + 1)}`;
  });
  if (indent === undefined || inner === undefined) return checked(`{${items.join(",")}}`);
  if (items.length === 0) return "{ }";
  return checked(`{${inner}${items.join(`,${inner}`)}${indent}}`);
}

function checked(text: string): string {
  checkTextSize(text.length);
  return text;
}
