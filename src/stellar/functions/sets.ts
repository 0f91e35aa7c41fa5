import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { checkCollectionSize } from "../values/budget.ts";
import {
  aTypeName,
  type Collection,
  isCollection,
  StellarMap,
  StellarSet,
  typeName,
  type Value,
} from "../values/value.ts";

const ITEMS = { name: "items", type: "any", about: "The items; nulls are left out.", rest: true } as const;
const SET = {
  name: "set",
  type: "set",
  about: "The set; null stands for a new one.",
  optional: true,
} as const;
const MULTISET = {
  name: "multiset",
  type: "map",
  about: "The multiset, a map from item to count; null stands for a new one.",
  optional: true,
} as const;
const SINGLE = [
  { name: "items", type: "any", about: "A list or set of items to begin with.", optional: true },
  { name: "others", type: "any", about: "Nothing: with further arguments the result is empty.", rest: true },
] as const;

const setInit = defineFunction({
  name: "SET_INIT",
  summary: "Makes a set, empty or of the items of a list.",
  params: SINGLE,
  returns: "set",
  examples: [
    ["SET_INIT([1, 1, 2])", [1, 2]],
    ["SET_INIT()", []],
    ["SET_INIT('abc', 'def')", []],
    ["SET_INIT('abc')", raises("list or set")],
  ],
  call: (items, ...others) => new StellarSet(others.length === 0 ? firstItems(items) : []),
});

const setAdd = defineFunction({
  name: "SET_ADD",
  summary: "Adds items to a set, in place, and gives the set.",
  params: [SET, ITEMS],
  returns: "set",
  pure: false,
  examples: [
    ["SET_ADD(SET_INIT([1]), 2, 3, null)", [1, 2, 3]],
    ["SET_ADD(null, 1)", [1]],
    ["SET_ADD([1], 2)", raises("set")],
  ],
  call: (set, ...items) => {
    if (set === undefined) return null;
    const target = set ?? new StellarSet();
    for (const item of items) if (item !== null) target.add(item);
    checkCollectionSize(target.size);
    return target;
  },
});

const setRemove = defineFunction({
  name: "SET_REMOVE",
  summary: "Removes items from a set, in place, and gives the set.",
  params: [SET, ITEMS],
  returns: "set",
  pure: false,
  examples: [
    ["SET_REMOVE(SET_INIT([1, 2]), 1)", [2]],
    ["SET_REMOVE(null, 1)", []],
  ],
  call: (set, ...items) => {
    if (set === undefined) return null;
    const target = set ?? new StellarSet();
    for (const item of items) if (item !== null) target.delete(item);
    return target;
  },
});

const setMerge = defineFunction({
  name: "SET_MERGE",
  summary: "Makes one set of the items of many sets or lists.",
  params: [
    { name: "sets", type: "collection", about: "The sets and lists; nulls are left out.", optional: true },
  ],
  returns: "set",
  examples: [
    ["SET_MERGE([SET_INIT([1]), [1, 2], null])", [1, 2]],
    ["SET_MERGE([])", []],
    ["SET_MERGE(['a'])", raises("list or set")],
  ],
  call: (sets) => {
    if (sets === undefined) return null;
    const merged = new StellarSet();
    for (const element of sets ?? []) {
      for (const item of inner(element)) merged.add(item);
      checkCollectionSize(merged.size);
    }
    return merged;
  },
});

const multisetInit = defineFunction({
  name: "MULTISET_INIT",
  summary: "Makes a multiset, a map from each item to how often it occurs.",
  params: SINGLE,
  returns: "map",
  examples: [
    ["MULTISET_INIT(['a', 'b', 'a'])", { a: 2, b: 1 }],
    ["MULTISET_INIT()", {}],
    ["MULTISET_INIT(5, 6)", {}],
    ["MULTISET_INIT(5)", raises("list or set")],
  ],
  call: (items, ...others) => {
    const multiset = new StellarMap();
    if (others.length === 0) for (const item of firstItems(items)) count(multiset, item, 1);
    return multiset;
  },
});

const multisetAdd = defineFunction({
  name: "MULTISET_ADD",
  summary: "Counts items into a multiset, in place, and gives it.",
  params: [MULTISET, ITEMS],
  returns: "map",
  pure: false,
  examples: [
    ["MULTISET_ADD(MULTISET_INIT(['a']), 'a', 'b')", { a: 2, b: 1 }],
    ["MULTISET_ADD(null, 'a')", { a: 1 }],
  ],
  call: (multiset, ...items) => {
    if (multiset === undefined) return null;
    const target = multiset ?? new StellarMap();
    for (const item of items) count(target, item, 1);
    checkCollectionSize(target.size);
    return target;
  },
});

const multisetRemove = defineFunction({
  name: "MULTISET_REMOVE",
  summary: "Takes one of each item out of a multiset, in place, and gives it.",
  params: [MULTISET, ITEMS],
  returns: "map",
  pure: false,
  examples: [
    ["MULTISET_REMOVE(MULTISET_INIT(['a', 'a', 'b']), 'a', 'b')", { a: 1 }],
    ["MULTISET_REMOVE(MULTISET_INIT(['a']), 'z')", { a: 1 }],
  ],
  call: (multiset, ...items) => {
    if (multiset === undefined) return null;
    const target = multiset ?? new StellarMap();
    for (const item of items) if (item !== null && target.has(item)) count(target, item, -1);
    return target;
  },
});

const multisetMerge = defineFunction({
  name: "MULTISET_MERGE",
  summary: "Makes one multiset of many by adding up their counts.",
  params: [
    { name: "multisets", type: "collection", about: "The multisets; nulls are left out.", optional: true },
  ],
  returns: "map",
  examples: [
    ["MULTISET_MERGE([MULTISET_INIT(['a']), MULTISET_INIT(['a', 'b'])])", { a: 2, b: 1 }],
    ["MULTISET_MERGE([{'a' : 2}, {'a' : -2, 'b' : -1}])", { a: 0, b: -1 }],
    ["MULTISET_MERGE([])", {}],
    ["MULTISET_MERGE(null)", raises("must not be null")],
  ],
  call: (multisets) => {
    if (multisets === undefined) return null;
    if (multisets === null) throw new StellarError("the list of multisets must not be null");
    const merged = new StellarMap();
    for (const element of multisets) {
      if (element === null) continue;
      if (!(element instanceof StellarMap)) {
        throw new StellarError(`every element must be a multiset, not a ${typeName(element)}`);
      }
      // A sum of 0 or less stays: only MULTISET_REMOVE takes items out.
      for (const [item, occurrences] of element) {
        merged.set(item, (countOf(merged.get(item) ?? 0) + countOf(occurrences)) | 0);
      }
      checkCollectionSize(merged.size);
    }
    return merged;
  },
});

const multisetToSet = defineFunction({
  name: "MULTISET_TO_SET",
  summary: "Gives the set of a multiset's distinct items.",
  params: [{ name: "multiset", type: "map", about: "The multiset.", optional: true }],
  returns: "set",
  examples: [
    ["MULTISET_TO_SET(MULTISET_INIT(['a', 'b', 'a']))", ["a", "b"]],
    ["MULTISET_TO_SET(null)", []],
  ],
  call: (multiset) => (multiset === undefined ? null : new StellarSet(multiset?.keys() ?? [])),
});

export const sets: Namespace = {
  name: "sets",
  summary: "Work on sets, and on multisets, which count their items.",
  functions: [
    multisetAdd,
    multisetInit,
    multisetMerge,
    multisetRemove,
    multisetToSet,
    setAdd,
    setInit,
    setMerge,
    setRemove,
  ],
};

/** What SET_INIT and MULTISET_INIT begin with when it is their only argument. */
function firstItems(items: Value | undefined): Collection {
  if (items === undefined || items === null) return [];
  if (isCollection(items)) return items;
  throw new StellarError(`the items must be a list or set, not ${aTypeName(items)}`);
}

function inner(element: Value): Collection {
  if (element === null) return [];
  if (isCollection(element)) return element;
  throw new StellarError(`every element must be a list or set, not a ${typeName(element)}`);
}

function count(multiset: StellarMap, item: Value, change: number): void {
  if (item === null) return;
  const total = countOf(multiset.get(item) ?? 0) + change;
  if (total > 0) multiset.set(item, total);
  else multiset.delete(item);
}

function countOf(value: Value): number {
  if (typeof value === "number") return value;
  throw new StellarError(`a multiset's counts must be ints, not a ${typeName(value)}`);
}
