import { emptyMessage, type FieldValue, type Message } from "../../core/message.ts";
import { Double, Float } from "../../core/number.ts";
import type { Nested } from "../json/record-scanner.ts";

/** What becomes of maps inside a map. */
export type MapStrategy = "DROP" | "UNFOLD" | "ALLOW" | "ERROR";

export const PLACES: Record<MapStrategy, Nested> = {
  DROP: "drop",
  UNFOLD: "unfold",
  ALLOW: "keep",
  ERROR: "reject",
};

type FieldMap = { readonly [key: string]: FieldValue };

/** Tells a map from all other values of a message. */
export function isMap(value: FieldValue | undefined): value is FieldMap {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Double) &&
    !(value instanceof Float)
  );
}

/** The message made of a map; undefined when the strategy is ERROR and it holds a map. */
export function applyStrategy(map: FieldMap, strategy: MapStrategy): Message | undefined {
  const message = emptyMessage();
  for (const key of Object.keys(map)) {
    const value = map[key] as FieldValue;
    if (!isMap(value) || strategy === "ALLOW") message[key] = value;
    else if (strategy === "ERROR") return undefined;
    else if (strategy === "UNFOLD") unfold(message, key, value);
  }
  return message;
}

function unfold(message: Message, prefix: string, map: FieldMap): void {
  for (const key of Object.keys(map)) {
    const value = map[key] as FieldValue;
    const name = `${prefix}.${key}`;
    if (isMap(value)) unfold(message, name, value);
    else message[name] = value;
  }
}
