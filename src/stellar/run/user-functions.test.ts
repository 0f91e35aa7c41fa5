import { expect, test } from "vitest";
import { functions, standardRegistry } from "../functions/index.ts";
import { buildRegistry } from "../language/function.ts";
import { formatError } from "../language/report.ts";
import { compile } from "./compile.ts";
import { layered, makeEnvironment } from "./environment.ts";
import { parseUserFunctions } from "./user-functions.ts";

const TEXT = `
// Tells whether a host is one of ours.
IS_OURS := (host) -> ENDS_WITH(host, '.example.com')
  or host == 'example.com'

// Counts down.
COUNT := (n) -> if n <= 0 then 'done' else COUNT(n - 1)
TWICE := x -> x * 2
FOUR_TIMES := x -> TWICE(TWICE(x))
`;

function evaluate(expression: string, text = TEXT): unknown {
  const user = parseUserFunctions(text, standardRegistry);
  const environment = makeEnvironment({ registry: buildRegistry(functions, user) });
  return compile(expression, environment).evaluate(layered({ host: "www.example.com" }));
}

test.each([
  ["IS_OURS(host)", true],
  ["IS_OURS('example.com') and not(IS_OURS('example.org'))", true],
  ["FOUR_TIMES(3)", 12],
  ["COUNT(20)", "done"],
])("%s", (expression, expected) => {
  expect(evaluate(expression)).toBe(expected);
});

test("recursion without end is refused", () => {
  expect(() => evaluate("COUNT(100000)")).toThrow("nest deeper");
});

test("they have help of their own", () => {
  const [ours] = parseUserFunctions(TEXT, standardRegistry);
  expect(ours?.summary).toBe("Tells whether a host is one of ours.");
  expect(ours?.params.map(({ name }) => name)).toEqual(["host"]);
  expect(ours?.pure).toBe(true);
});

test.each([
  [
    "a syntax error",
    "A := x -> x +",
    "error: expected a value, but the expression ends\n --> line 1, column 14",
  ],
  ["no lambda", "A := 5", "error: A must be a lambda\n --> line 1, column 5"],
  [
    "an unknown function",
    "A := x -> NO_SUCH(x)",
    "error: A: there is no function NO_SUCH\n --> line 1, column 1",
  ],
  ["defined twice", "A := x -> x\nA := x -> x", "error: A is defined twice\n --> line 1, column 1"],
  ["something else", "hello\nA := x -> x", "error: expected a definition\n --> line 1, column 1"],
])("a text with %s is refused whole", (_name, text, message) => {
  let shown = "";
  try {
    parseUserFunctions(text, standardRegistry);
  } catch (error) {
    shown = formatError(text, error);
  }
  expect(shown.split("\n").slice(0, 2).join("\n")).toBe(message);
});
