/** Random expressions and messages for the property tests: mostly sensible, often wrong in type, never random bytes. */
import fc from "fast-check";
import type { FieldValue } from "../../core/message.ts";
import { Double, Float } from "../../core/number.ts";

const FIELDS = ["a", "b", "c", "ip_src_addr", "host", "x.y", "z:w", "missing"] as const;

const texts = fc.constantFrom(
  "",
  "a",
  "abc",
  "yes",
  "false",
  "5",
  "10.0.0.1",
  "192.168.1.7",
  "www.example.co.uk",
  "evil.com",
  "/index.php",
  "müller",
  "日本",
  "😀 x",
  "a'b",
  'say "no"',
  "back\\slash",
  "line\nbreak",
);

const numbers = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, 5, 443, 1024, 2147483647, -2147483648, 16777217),
  fc.integer({ min: -1000, max: 1000 }),
);

/** A field of a message in any of the kinds a column holds. */
const fieldValue: fc.Arbitrary<FieldValue> = fc.oneof(
  { weight: 4, arbitrary: texts },
  { weight: 4, arbitrary: numbers },
  fc.constantFrom<FieldValue>(null, true, false),
  fc.constantFrom(5n, 0n, 9007199254740991n, -9007199254740991n, 9223372036854775807n, 4294967296n),
  fc
    .constantFrom(0.1, 0.5, -0, 1, 5, 1e300, Number.NaN, Number.POSITIVE_INFINITY)
    .map((value) => new Double(value)),
  fc.constantFrom(0.1, 0.5, 1, 5, 16777216, 3e38).map((value) => new Float(value)),
  fc.constantFrom<FieldValue>([], [1, 2], ["yes"], { k: 1 }, {}),
);

export type Message = Readonly<Record<string, FieldValue>>;

export const message: fc.Arbitrary<Message> = fc.dictionary(
  fc.constantFrom(...FIELDS.slice(0, -1)),
  fieldValue,
);

const quoted = texts.map((text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`);

const literal = fc.oneof(
  quoted,
  numbers.map(String),
  fc.constantFrom(
    "5L",
    "9223372036854775807L",
    "0.1",
    "1.5",
    "1e300",
    "0.5f",
    "16777216f",
    "NaN",
    "-0.0",
    "1d",
  ),
  fc.constantFrom("true", "false", "null"),
);

const variable = fc.constantFrom(...FIELDS);

/** Calls with arguments that are often, not always, of the right kind. */
const CALLS: readonly (readonly [name: string, arity: number])[] = [
  ["LENGTH", 1],
  ["IS_EMPTY", 1],
  ["TO_UPPER", 1],
  ["TO_STRING", 1],
  ["TO_INTEGER", 1],
  ["TO_LONG", 1],
  ["TO_DOUBLE", 1],
  ["ABS", 1],
  ["ROUND", 1],
  ["STARTS_WITH", 2],
  ["ENDS_WITH", 2],
  ["IN_SUBNET", 2],
  ["IS_IP", 1],
  ["DOMAIN_REMOVE_SUBDOMAINS", 1],
  ["JOIN", 2],
  ["SPLIT", 2],
  ["GET_FIRST", 1],
  ["LIST_ADD", 2],
  ["SET_INIT", 1],
  ["MAP_GET", 2],
  ["MAX", 1],
  ["NO_SUCH_FUNCTION", 1],
];

/** An expression of at most the given depth. */
export const expression: fc.Arbitrary<string> = fc.letrec<{ tree: string; leaf: string }>((tie) => ({
  leaf: fc.oneof({ weight: 2, arbitrary: variable }, { weight: 1, arbitrary: literal }),
  tree: fc.oneof(
    { maxDepth: 5, depthSize: "medium" },
    tie("leaf"),
    infix(tie("tree"), ["==", "!=", "<", "<=", ">", ">="]),
    infix(tie("tree"), ["+", "-", "*", "/"]),
    infix(tie("tree"), ["and", "or", "&&", "OR"]),
    infix(tie("tree"), ["in", "not in"]),
    tie("tree").map((inner) => `not(${inner})`),
    tie("tree").map((inner) => `-(${inner})`),
    variable.map((name) => `exists(${name})`),
    fc.array(tie("tree"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
    fc.array(literal, { maxLength: 12 }).map((items) => `[${items.join(", ")}]`),
    fc.tuple(tie("tree"), tie("tree")).map(([key, value]) => `{(${key}) : ${value}}`),
    fc.tuple(tie("tree"), tie("tree"), tie("tree")).map(([c, t, e]) => `if ${c} then ${t} else ${e}`),
    fc.tuple(tie("tree"), tie("tree"), tie("tree")).map(([c, t, e]) => `((${c}) ? (${t}) : (${e}))`),
    fc
      .tuple(tie("tree"), tie("tree"), tie("tree"))
      .map(([c, t, e]) => `match{ ${c} => ${t}, default => ${e} }`),
    fc.tuple(tie("tree"), tie("tree")).map(([list, body]) => `MAP(${list}, x -> ${body})`),
    fc.tuple(tie("tree"), tie("tree")).map(([list, body]) => `FILTER([${list}], (a) -> ${body})`),
    fc
      .tuple(fc.constantFrom(...CALLS), fc.array(tie("leaf"), { minLength: 2, maxLength: 2 }), tie("tree"))
      .map(([[name, arity], rest, first]) => `${name}(${[first, ...rest].slice(0, arity).join(", ")})`),
    fc
      .tuple(fc.constantFrom(...CALLS), variable, literal)
      .map(([[name, arity], field, constant]) => `${name}(${[field, constant].slice(0, arity).join(", ")})`),
  ),
})).tree;

function infix(operand: fc.Arbitrary<string>, operators: readonly string[]): fc.Arbitrary<string> {
  const side = fc.oneof(
    operand,
    operand.map((inner) => `(${inner})`),
    variable,
    literal,
  );
  return fc
    .tuple(side, fc.constantFrom(...operators), side)
    .map(([left, op, right]) => `${left} ${op} ${right}`);
}
