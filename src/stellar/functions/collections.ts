import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { checkCollectionSize } from "../values/budget.ts";
import { isEmptyBytes, lengthBytes, sizeOf } from "./string-bytes.ts";

const LIST = { name: "list", type: "list", about: "The list." } as const;

const isEmpty = defineFunction({
  name: "IS_EMPTY",
  summary: "Tells whether a value is null or an empty string, list, set or map.",
  params: [{ name: "input", type: "any", about: "The value to look at.", optional: true }],
  returns: "boolean",
  examples: [
    ["IS_EMPTY('')", true],
    ["IS_EMPTY(null)", true],
    ["IS_EMPTY([])", true],
    ["IS_EMPTY(' ')", false],
    ["IS_EMPTY(0)", false],
  ],
  bytes: isEmptyBytes,
  call: (input) => input === undefined || input === null || sizeOf(input) === 0,
});

const length = defineFunction({
  name: "LENGTH",
  summary:
    "Gives the number of characters of a string, or of elements of a list, set or map; 0 for anything else.",
  params: [{ name: "input", type: "any", about: "The value to measure.", optional: true }],
  returns: "integer",
  examples: [
    ["LENGTH('abc')", 3],
    ["LENGTH([1, 2])", 2],
    ["LENGTH({'a' : 1})", 1],
    ["LENGTH(5)", 0],
    ["LENGTH(null)", 0],
    ["LENGTH(SAMPLE_INIT(3))", 0],
    ["LENGTH(BLOOM_INIT())", 0],
  ],
  bytes: lengthBytes,
  call: (input) => (input === undefined ? 0 : (sizeOf(input) ?? 0)),
});

const listAdd = defineFunction({
  name: "LIST_ADD",
  summary: "Appends an element to a list, in place, and gives the list.",
  params: [
    { name: "list", type: "any", about: "The list; anything else is given back as it is.", optional: true },
    { name: "element", type: "any", about: "What to append; may be null.", optional: true },
  ],
  returns: "any",
  pure: false,
  examples: [
    ["LIST_ADD([1], 2)", [1, 2]],
    ["LIST_ADD([], null)", [null]],
    ["LIST_ADD('a', 'b')", "a"],
  ],
  call: (list, element) => {
    if (Array.isArray(list) && element !== undefined) {
      checkCollectionSize(list.length + 1);
      list.push(element);
    }
    return list ?? null;
  },
});

const get = defineFunction({
  name: "GET",
  summary: "Gives the element of a list at an index; null beyond its end.",
  params: [LIST, { name: "index", type: "any", about: "The index, an int, from 0." }],
  returns: "any",
  examples: [
    ["GET(['a', 'b'], 1)", "b"],
    ["GET(['a'], 1)", null],
    ["GET(['a'], -1)", raises("index")],
  ],
  call: (list, index) => {
    if (typeof index !== "number" || index < 0)
      throw new StellarError("the index must be an int of 0 or more");
    return existing(list)[index] ?? null;
  },
});

const getFirst = defineFunction({
  name: "GET_FIRST",
  summary: "Gives the first element of a list; null when it is empty.",
  params: [LIST],
  returns: "any",
  examples: [
    ["GET_FIRST(['a', 'b'])", "a"],
    ["GET_FIRST([])", null],
  ],
  call: (list) => existing(list)[0] ?? null,
});

const getLast = defineFunction({
  name: "GET_LAST",
  summary: "Gives the last element of a list; null when it is empty.",
  params: [LIST],
  returns: "any",
  examples: [
    ["GET_LAST(['a', 'b'])", "b"],
    ["GET_LAST([])", null],
  ],
  call: (list) => existing(list).at(-1) ?? null,
});

export const collections: Namespace = {
  name: "collections",
  summary: "Work on lists, and on the sizes of all collections.",
  functions: [get, getFirst, getLast, isEmpty, length, listAdd],
};

function existing<T>(list: readonly T[] | null): readonly T[] {
  if (list === null) throw new StellarError("the list must not be null");
  return list;
}
