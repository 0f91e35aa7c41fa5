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
export function messageToJson(message: unknown): string {
  return JSON.stringify(message, (_key, value: unknown) => {
    if (typeof value === "bigint") return JSON.rawJSON(value.toString());
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    return value;
  });
}

/** Reads JSON such that whole numbers of any length stay exact and every key is a key like any other. @throws SyntaxError */
export function messageFromJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value === "number" && !Number.isSafeInteger(value) && context?.source !== undefined)
      return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.assign(emptyMessage(), value)
      : value;
  });
}

declare global {
  interface JSON {
    /** ES2026: a piece of JSON text that `stringify` puts in as it is. */
    rawJSON(text: string): unknown;
  }
}
