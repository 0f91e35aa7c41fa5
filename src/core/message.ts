import type { Double, Float } from "./number.ts";

/**
 * A value of a message. A plain number that is whole is an int (a long beyond 32 bits), any other plain number a
 * double; `Double` and `Float` state the type where the value alone would not.
 */
export type FieldValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Double
  | Float
  | readonly FieldValue[]
  | { readonly [key: string]: FieldValue };

/**
 * A parsed record: a flat object with Metron's field names (`ip_src_addr`, `source.type`). Made with a null
 * prototype wherever keys come from outside, so that `__proto__` is a key like any other.
 */
export type Message = { [field: string]: FieldValue };

/** An empty message that any key may be put into. */
export function emptyMessage(): Message {
  return Object.create(null) as Message;
}

/** JSON text of a message: longs in full, numbers that are not finite as text, as JSON has no word for them. */
export function messageToJson(message: unknown, indent?: number): string {
  const write = (_key: string, value: unknown) => {
    if (typeof value === "bigint") return JSON.rawJSON(value.toString());
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    return value;
  };
  return JSON.stringify(message, write, indent);
}

/** Reads JSON such that whole numbers of any length stay exact and every key is a key like any other. @throws SyntaxError */
export function messageFromJson(text: string): unknown {
  return JSON.parse(text, (key, value: unknown, context?: { source?: string }) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.assign(emptyMessage(), value)
      : exactLong(key, value, context),
  );
}

/** A reviver of `JSON.parse`: whole numbers that a plain number cannot hold exactly become bigint. */
export function exactLong(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || context?.source === undefined) return value;
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}

declare global {
  interface JSON {
    /** ES2026: a piece of JSON text that `stringify` puts in as it is. */
    rawJSON(text: string): unknown;
  }
}
