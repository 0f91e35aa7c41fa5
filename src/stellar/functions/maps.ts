import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { checkCollectionSize } from "../values/budget.ts";
import { StellarMap, typeName } from "../values/value.ts";

const mapGet = defineFunction({
  name: "MAP_GET",
  summary: "Gives the value of a key in a map.",
  params: [
    { name: "key", type: "any", about: "The key; its type counts, 1 is not 1L." },
    { name: "map", type: "map", about: "The map." },
    {
      name: "default",
      type: "any",
      about: "What to give when there is no value; null unless given.",
      optional: true,
    },
  ],
  returns: "any",
  examples: [
    ["MAP_GET('a', {'a' : 1})", 1],
    ["MAP_GET('b', {'a' : 1}, 'none')", "none"],
    ["MAP_GET('a', null)", null],
    ["MAP_GET(1L, {1 : 'x'})", null],
  ],
  call: (key, map, otherwise) => {
    if (key === null || map === null) return otherwise ?? null;
    return map.get(key) ?? otherwise ?? null;
  },
});

const mapExists = defineFunction({
  name: "MAP_EXISTS",
  summary: "Tells whether a map has a key, even with the value null.",
  params: [
    { name: "key", type: "any", about: "The key.", optional: true },
    { name: "map", type: "any", about: "The map; anything else has no keys.", optional: true },
  ],
  returns: "boolean",
  examples: [
    ["MAP_EXISTS('a', {'a' : null})", true],
    ["MAP_EXISTS('b', {'a' : 1})", false],
    ["MAP_EXISTS('a', [1])", false],
  ],
  call: (key, map) => key !== undefined && key !== null && map instanceof StellarMap && map.has(key),
});

const mapPut = defineFunction({
  name: "MAP_PUT",
  summary: "Sets the value of a key in a map, in place, and gives the map.",
  params: [
    { name: "key", type: "any", about: "The key." },
    { name: "value", type: "any", about: "The value." },
    { name: "map", type: "map", about: "The map; null stands for a new one." },
  ],
  returns: "map",
  pure: false,
  examples: [
    ["MAP_PUT('b', 2, {'a' : 1})", { a: 1, b: 2 }],
    ["MAP_PUT('a', 1, null)", { a: 1 }],
    ["MAP_PUT('a', 1, 'x')", raises("map")],
  ],
  call: (key, value, map) => {
    const target = map ?? new StellarMap();
    checkCollectionSize(target.size + 1);
    target.set(key, value);
    return target;
  },
});

const mapMerge = defineFunction({
  name: "MAP_MERGE",
  summary: "Merges maps into a new one; of two values for one key the later wins.",
  params: [
    {
      name: "maps",
      type: "collection",
      about: "The maps; nulls are left out, a single one is given back as it is.",
      optional: true,
    },
  ],
  returns: "any",
  examples: [
    ["MAP_MERGE([{'a' : 1, 'b' : 2}, {'b' : 3}])", { a: 1, b: 3 }],
    ["MAP_MERGE([])", {}],
    ["MAP_MERGE(null)", {}],
    ["MAP_MERGE(['foo', 'bar'])", raises("map")],
  ],
  call: (maps) => {
    if (maps === undefined) return null;
    if (maps === null) return new StellarMap();
    const elements = Array.from(maps);
    if (elements.length === 1) return elements[0] ?? null;
    const merged = new StellarMap();
    for (const element of elements) {
      if (element === null) continue;
      if (!(element instanceof StellarMap)) {
        throw new StellarError(`every element must be a map, not a ${typeName(element)}`);
      }
      for (const [key, value] of element) merged.set(key, value);
      checkCollectionSize(merged.size);
    }
    return merged;
  },
});

export const maps: Namespace = {
  name: "maps",
  summary: "Work on maps.",
  functions: [mapExists, mapGet, mapMerge, mapPut],
};
