import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { parseJson } from "../values/json-reader.ts";
import { StellarMap, typeName, type Value } from "../values/value.ts";

const PARAMS = [
  { name: "json", type: "string", about: "The JSON text; what follows the first value is ignored." },
] as const;

const toJsonObject = defineFunction({
  name: "TO_JSON_OBJECT",
  summary: "Reads a JSON text of any kind.",
  params: PARAMS,
  returns: "any",
  examples: [
    [`TO_JSON_OBJECT('{"a" : [1, 2.5, null]}')`, { a: [1, 2.5, null] }],
    ["TO_JSON_OBJECT('5')", 5],
    ["TO_JSON_OBJECT('{bad')", raises("a name in quotes")],
  ],
  call: read,
});

const toJsonMap = defineFunction({
  name: "TO_JSON_MAP",
  summary: "Reads a JSON object as a map.",
  params: PARAMS,
  returns: "any",
  result: "The map; null and the empty text stay as they are.",
  examples: [
    [`TO_JSON_MAP('{"a" : 1}')`, { a: 1 }],
    ["TO_JSON_MAP('[1]')", raises("not a map")],
    ["TO_JSON_MAP('')", ""],
    [`TO_JSON_MAP('""')`, raises("a string, not a map")],
  ],
  call: (json) => expecting(json, "map", (value) => value instanceof StellarMap),
});

const toJsonList = defineFunction({
  name: "TO_JSON_LIST",
  summary: "Reads a JSON array as a list.",
  params: PARAMS,
  returns: "any",
  result: "The list; null and the empty text stay as they are.",
  examples: [
    ["TO_JSON_LIST('[1, \"a\"]')", [1, "a"]],
    [`TO_JSON_LIST('{"a" : 1}')`, raises("not a list")],
    [`TO_JSON_LIST('""')`, raises("a string, not a list")],
  ],
  call: (json) => expecting(json, "list", Array.isArray),
});

export const json: Namespace = {
  name: "json",
  summary: "Read JSON.",
  functions: [toJsonList, toJsonMap, toJsonObject],
};

function read(json: string | null): Value {
  return json === null || json === "" ? json : parseJson(json);
}

function expecting(json: string | null, wanted: string, is: (value: Value) => boolean): Value {
  const value = read(json);
  if (value === null || json === "" || is(value)) return value;
  throw new StellarError(`the text holds a ${typeName(value)}, not a ${wanted}`);
}
