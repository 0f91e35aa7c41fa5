import { JSONPathEnvironment, JSONPathError, type JSONPathQuery } from "json-p3";
import { Fault } from "../../core/fault.ts";
import { emptyMessage, type FieldValue, type Message } from "../../core/message.ts";
import { Double, Float } from "../../core/number.ts";
import { Rejection } from "../../core/rejection.ts";
import { writeJson } from "../../stellar/values/simple-json.ts";
import { readJsonValue } from "../json/read-value.ts";
import type { RecordParser } from "../parser.ts";
import { applyStrategy, isMap, type MapStrategy } from "./strategy.ts";

export type QueryOptions = {
  readonly strategy: MapStrategy;
  /** JSONPath (RFC 9535) of the list of maps; without it the record is one map. */
  readonly query: string | undefined;
  /** Name of the list the record is wrapped in, if it is. */
  readonly wrapName: string | undefined;
  readonly override: boolean;
};

const NO_LIST = new Rejection("parser_error", "the query found something that is not a list of maps");
const NO_MAP = new Rejection("parser_error", "not a JSON map: the record is JSON of another kind");
const NESTED = new Rejection("parser_error", "a map inside the map, which mapStrategy ERROR refuses");

/** Reads a record as a whole and finds its messages by a query. */
export function queryParser(options: QueryOptions): RecordParser {
  const find = options.query === undefined ? undefined : compile(options.query);
  const wrap = options.wrapName === undefined ? undefined : wrapper(options.wrapName);
  return {
    timeless: "arrival",
    parseRecord: (record) => {
      const value = readJsonValue(wrap === undefined ? record : wrap(record));
      if (value instanceof Rejection) return value;
      if (find === undefined) return toMessage(value, options);
      const list = find(value);
      if (list === undefined || list === null) return [];
      if (!Array.isArray(list)) return NO_LIST;
      return list.map((item: FieldValue) => toMessage(item, options));
    },
  };
}

function compile(query: string): (value: FieldValue) => FieldValue | undefined {
  let path: JSONPathQuery;
  try {
    // The root may be left out, as in the original.
    path = new JSONPathEnvironment().compile(/^[$@]/.test(query) ? query : `$.${query}`);
  } catch (cause) {
    if (cause instanceof JSONPathError) {
      throw new Fault("CONFIG_INVALID", `jsonpQuery: ${cause.message}`, { cause });
    }
    throw cause;
  }
  const single = path.singularQuery();
  return (value) => {
    // Filters compare plain numbers; what they chose is taken from the record, whose numbers know their type.
    const found = path.query((single ? value : plain(value)) as never).locations();
    const chosen = found.map((location) => valueAt(value, location));
    // A path to one place answers what is there; a path with choices answers the list of what it chose.
    return single ? chosen[0] : chosen;
  };
}

function plain(value: FieldValue): FieldValue {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Double || value instanceof Float) return value.value;
  if (Array.isArray(value)) return value.map(plain);
  const map = emptyMessage();
  for (const [key, entry] of Object.entries(value)) map[key] = plain(entry);
  return map;
}

function valueAt(value: FieldValue, location: readonly (string | number)[]): FieldValue {
  // The location was found in a copy of the same shape.
  return location.reduce(
    (inner, key) => (inner as Readonly<Record<string | number, FieldValue>>)[key] as FieldValue,
    value,
  );
}

function wrapper(name: string): (record: Uint8Array) => Uint8Array {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  return (record) => {
    const text = decoder.decode(record).trimEnd().replace(/,$/, "");
    return encoder.encode(`{${JSON.stringify(name)}:[${text}]}`);
  };
}

function toMessage(value: FieldValue, options: QueryOptions): Message | Rejection {
  if (!isMap(value)) return NO_MAP;
  const message = applyStrategy(value, options.strategy);
  if (message === undefined) return NESTED;
  if (options.override) message.original_string = writeJson(message);
  return message;
}
