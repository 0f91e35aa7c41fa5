import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { checkCollectionSize, spend } from "../values/budget.ts";
import { Char, isCollection, type List, typeName, type Value } from "../values/value.ts";

const ELEMENTS = {
  name: "elements",
  type: "any",
  about: "A list or set, or a string, which counts as its characters.",
} as const;

const map = defineFunction({
  name: "MAP",
  summary: "Applies a function to each element and gives the list of its results.",
  params: [ELEMENTS, { name: "function", type: "lambda", about: "Takes an element." }],
  returns: "any",
  examples: [
    ["MAP(['foo', 'bar'], x -> TO_UPPER(x))", ["FOO", "BAR"]],
    ["MAP([1, 2], x -> x * 2)", [2, 4]],
    ["MAP(null, x -> x)", null],
    ["MAP(5, x -> x)", raises("list")],
  ],
  call: (elements, lambda) => {
    if (elements === null || lambda === null) return elements;
    return Array.from(elementsOf(elements), (element) => lambda.call(element));
  },
});

const filter = defineFunction({
  name: "FILTER",
  summary: "Keeps the elements for which a function gives true.",
  params: [ELEMENTS, { name: "condition", type: "lambda", about: "Takes an element; only true keeps it." }],
  returns: "any",
  examples: [
    ["FILTER([1, 2, 3, 4], x -> x > 2)", [3, 4]],
    ["FILTER(['a', null], x -> x != null)", ["a"]],
    ["FILTER([1, 2], x -> 1)", []],
  ],
  call: (elements, lambda) => {
    if (elements === null || lambda === null) return elements;
    const kept: List = [];
    for (const element of elementsOf(elements)) if (lambda.call(element) === true) kept.push(element);
    return kept;
  },
});

const reduce = defineFunction({
  name: "REDUCE",
  summary: "Folds the elements into one value.",
  params: [
    { ...ELEMENTS, optional: true },
    {
      name: "function",
      type: "lambda",
      about: "Takes the value so far and an element, and gives the next value.",
      optional: true,
    },
    { name: "initial", type: "any", about: "The value to begin with.", optional: true },
  ],
  returns: "any",
  examples: [
    ["REDUCE([1, 2, 3], (sum, x) -> sum + x, 0)", 6],
    ["REDUCE([], (sum, x) -> sum + x, 5)", 5],
    ["REDUCE([1, 2], (sum, x) -> sum + x)", null],
    ["REDUCE(null, (sum, x) -> sum + x, 0)", null],
  ],
  call: (elements, lambda, initial) => {
    if (elements == null || lambda == null || initial == null) return null;
    let value: Value = initial;
    for (const element of elementsOf(elements)) value = lambda.call(value, element);
    return value;
  },
});

const LISTS = {
  name: "lists",
  type: "any",
  about: "The lists; anything else is left out.",
  rest: true,
} as const;

const zip = defineFunction({
  name: "ZIP",
  summary:
    "Makes a list of the first elements of all lists, of the second ones, and so on to the end of the shortest.",
  params: [LISTS],
  returns: "list",
  examples: [
    [
      "ZIP([1, 2], [3, 4, 5])",
      [
        [1, 3],
        [2, 4],
      ],
    ],
    ["ZIP([1], null)", [[1]]],
    ["ZIP()", []],
  ],
  call: (...values) => rowsOf(values.filter(Array.isArray), Math.min),
});

const zipLongest = defineFunction({
  name: "ZIP_LONGEST",
  summary: "As ZIP, but to the end of the longest list; where one is too short, nulls stand in.",
  params: [LISTS],
  returns: "list",
  examples: [
    [
      "ZIP_LONGEST([1, 2], [3, 4, 5])",
      [
        [1, 3],
        [2, 4],
        [null, 5],
      ],
    ],
    ["ZIP_LONGEST(null)", []],
  ],
  call: (...values) => rowsOf(values.filter(Array.isArray), Math.max),
});

export const functional: Namespace = {
  name: "functional",
  summary: "Apply functions to collections.",
  functions: [filter, map, reduce, zip, zipLongest],
};

function elementsOf(value: Value): Iterable<Value> {
  if (isCollection(value)) return value;
  if (typeof value === "string") return characters(value);
  throw new StellarError(`a list, a set or a string is needed, not a ${typeName(value)}`);
}

function* characters(text: string): Generator<Value> {
  for (let at = 0; at < text.length; at++) yield new Char(text.charAt(at));
}

function rowsOf(lists: readonly List[], extent: (...lengths: number[]) => number): List {
  if (lists.length === 0) return [];
  const length = extent(...lists.map((list) => list.length));
  checkCollectionSize(length * lists.length);
  spend(length * lists.length);
  return Array.from({ length }, (_, row) => lists.map((list) => list[row] ?? null));
}
