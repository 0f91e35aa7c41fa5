import { DOUBLE, FALSE, FLOAT, INT, LONG, SPAN, STRING, TRUE, VALUE, WORD } from "../../../core/column.ts";
import { type FieldValue, type Message, messageToJson } from "../../../core/message.ts";
import { Double, Float } from "../../../core/number.ts";
import type { ColumnType } from "../blocks/column-type.ts";
import type { History } from "../contract.ts";
import { mainObject } from "./mapping.ts";
import { planOf, quoted, SearchedValues } from "./values.ts";

/** The types that fields were seen with, as a bit per type of `SEEN_TYPES`. */
export type SeenFields = Map<string, number>;

/** Types of values, by their bits. */
const SEEN_TYPES = ["text", "long", "double", "boolean", "json"] as const satisfies readonly ColumnType[];
const [TEXT, WHOLE, REAL, TRUTH, JSON_VALUE] = [1, 2, 4, 8, 16] as const;

/**
 * The document of a message that is known as a whole, with what was changed of it; `LinesEncoder` makes those of batches.
 * @param seen takes up the types of the fields.
 * @param isNamed whether a field is found by its name; those beyond the limit of a sensor are found as words only
 */
export function documentOf(
  sensor: string,
  message: Message,
  time: number,
  history: History | undefined,
  seen: SeenFields,
  isNamed: (field: string) => boolean = () => true,
): string {
  const values = new SearchedValues();
  values.begin();
  const { guid, original_string: original } = message;
  const isText = typeof original === "string";
  for (const [field, value] of Object.entries(message)) {
    const plan = planOf(field);
    const isFound = isNamed(field);
    if (isFound) seen.set(field, (seen.get(field) ?? 0) | bitOfValue(value));
    if (plan.kind === "guid" || (plan.kind === "original" && isText)) continue;
    values.open(isFound);
    if (typeof value === "string") values.text(plan, value, isText && original.includes(value));
    else values.any(plan, value);
    values.close(plan);
  }
  const head = `"guid":${quoted(String(guid))},"sensor":${quoted(sensor)},"time":${time}`;
  const stored = messageToJson(isText ? { ...message, original_string: undefined } : message);
  const originally = isText ? `,"original":${quoted(original)}` : "";
  const kept = history === undefined ? "" : `,"history":${messageToJson(history)}`;
  return `{${head},"message":${stored}${originally}${values.end()}${kept}}`;
}

/** What a document holds of a message: a text that is its original is stored once, beside the other fields. */
export type DocumentMessage = { readonly message: Message; readonly original?: string };

/** The names of these in documents. */
export const MESSAGE_PARTS = ["message", "original"] satisfies (keyof DocumentMessage)[];

/** The message of a document, whose own object becomes it. */
export function messageOf({ message, original }: DocumentMessage): Message {
  if (original !== undefined) message.original_string = original;
  return message;
}

/** The type that all sensors store a declared field as, else that of the values seen; `isOdd` when there are others too. */
export function typeOfSeen(field: string, bits: number): { type: ColumnType | undefined; isOdd: boolean } {
  const main = mainObject(planOf(field).kind);
  const numbers = bits & (WHOLE | REAL);
  const others = bits & ~(WHOLE | REAL);
  if (main === "whole" || main === "real")
    return { type: main === "whole" ? "long" : "double", isOdd: others !== 0 };
  if (bits === 0) return { type: undefined, isOdd: false };
  if (numbers !== 0 && others === 0) return { type: numbers === WHOLE ? "long" : "double", isOdd: false };
  const place = SEEN_TYPES.findIndex((_, bit) => (bits & (1 << bit)) !== 0);
  return { type: SEEN_TYPES[place], isOdd: (bits & (bits - 1)) !== 0 };
}

/** The type of a cell as a bit of `SEEN_TYPES`, by its kind; none of a null and of `VALUE`, of which the value tells. */
export const BITS = new Uint8Array(VALUE + 1);
for (const [kind, bit] of [
  ...[FALSE, TRUE].map((kind) => [kind, TRUTH] as const),
  ...[INT, LONG].map((kind) => [kind, WHOLE] as const),
  ...[FLOAT, DOUBLE].map((kind) => [kind, REAL] as const),
  ...[SPAN, WORD, STRING].map((kind) => [kind, TEXT] as const),
])
  BITS[kind] = bit;

/** The type of a value as a bit of `SEEN_TYPES`; none of null. */
export function bitOfValue(value: FieldValue): number {
  switch (typeof value) {
    case "string":
      return TEXT;
    case "number":
      return Number.isSafeInteger(value) ? WHOLE : REAL;
    case "bigint":
      return WHOLE;
    case "boolean":
      return TRUTH;
    default:
      if (value instanceof Double || value instanceof Float) return REAL;
      return value === null ? 0 : JSON_VALUE;
  }
}
