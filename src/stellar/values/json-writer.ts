/** Values as JSON, laid out as Jackson's pretty printer does, in which Metron keeps its configuration. */
import { checkTextSize, intoParts } from "./budget.ts";
import { Double, Float, StellarMap, StellarSet, toText, type Value } from "./value.ts";

/** JSON over several lines. Maps take the text of their keys; what JSON does not know becomes its text. */
export function prettyJson(value: Value): string {
  return write(value, "\n");
}

/** JSON on one line, without blanks. */
export function compactJson(value: Value): string {
  return write(value, undefined);
}

function write(value: Value, indent: string | undefined): string {
  if (value === null || typeof value === "boolean" || typeof value === "number") return String(value);
  if (typeof value === "bigint") return String(value);
  if (value instanceof Double || value instanceof Float) {
    return Number.isFinite(value.value) ? toText(value) : `"${toText(value)}"`;
  }
  if (Array.isArray(value)) return intoParts(value.length, () => writeList(value, indent));
  if (value instanceof StellarSet) return intoParts(value.size, () => writeList(value, indent));
  if (value instanceof StellarMap) return intoParts(value.size, () => writeMap(value, indent));
  return JSON.stringify(toText(value));
}

function writeList(list: Iterable<Value>, indent: string | undefined): string {
  const items = written(list, (item) => write(item, indent));
  if (indent === undefined) return checked(`[${items.join(",")}]`);
  return checked(items.length === 0 ? "[ ]" : `[ ${items.join(", ")} ]`);
}

function writeMap(map: StellarMap, indent: string | undefined): string {
  const inner = indent === undefined ? undefined : `${indent}  `;
  const items = written(map, ([key, value]) => {
    const colon = indent === undefined ? ":" : " : ";
    return `${JSON.stringify(toText(key))}${colon}${write(value, inner)}`;
  });
  if (indent === undefined || inner === undefined) return checked(`{${items.join(",")}}`);
  if (items.length === 0) return "{ }";
  return checked(`{${inner}${items.join(`,${inner}`)}${indent}}`);
}

/** The parts as texts; stops before they fill the memory. */
function written<T>(parts: Iterable<T>, text: (part: T) => string): string[] {
  const texts: string[] = [];
  let length = 0;
  for (const part of parts) {
    const made = text(part);
    length += made.length;
    checkTextSize(length);
    texts.push(made);
  }
  return texts;
}

function checked(text: string): string {
  checkTextSize(text.length);
  return text;
}
