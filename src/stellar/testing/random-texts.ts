/** Texts that nobody would write as an expression, and expressions with a mistake: what fuzzing throws at the language. */
import fc from "fast-check";
import { functions } from "../functions/index.ts";
import { expression } from "./random-expressions.ts";

const FRAGMENTS = [
  ..."()[]{},.:?+-*/<>=!&|'\"\\ \n\t",
  ...[
    "->",
    "=>",
    "==",
    "and",
    "or",
    "not",
    "in",
    "if",
    "then",
    "else",
    "match",
    "default",
    "exists",
    "NaN",
    "null",
  ],
  ...[
    "1",
    "5L",
    "1.5f",
    "1e9",
    "x",
    "_",
    "'a'",
    "//",
    "/*",
    "$",
    "`",
    "constructor",
    "__proto__",
    "toString",
  ],
  ...["this", "globalThis", "process", "eval", "\u2028", "\u0000", "\ud800", "é", "\u00a0"],
];

const fragments = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 30 }).map((parts) => parts.join(" "));
const glued = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 30 }).map((parts) => parts.join(""));

/** A valid expression with a piece cut out, doubled, or replaced. */
const mutated = fc
  .tuple(expression, fc.nat(), fc.nat({ max: 8 }), fc.constantFrom(...FRAGMENTS, ""))
  .map(([text, at, length, patch]) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + patch + text.slice(from + length);
  });

const calls = fc
  .tuple(
    fc.constantFrom(...functions.map(({ name }) => name)),
    fc.array(fc.oneof(expression, fc.constantFrom("x -> x", "'('", "-1", "2147483647", "'%s %d'")), {
      maxLength: 4,
    }),
  )
  .map(([name, args]) => `${name}(${args.join(", ")})`);

export const anyText = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fragments, glued, mutated, calls);
