import { describe, expect, test } from "vitest";
import { complete, functionLines } from "../editor/completion.ts";
import { standardRegistry } from "../functions/index.ts";
import { fromMessage, toText } from "../values/value.ts";
import type { Answer } from "./answer.ts";
import { MAGICS } from "./magics.ts";
import { renderValue } from "./render.ts";
import { Session } from "./session.ts";
import { isIncomplete, statementsIn } from "./statement.ts";

function transcript(...lines: readonly string[]): string[] {
  const session = new Session({
    registry: standardRegistry,
    variables: { given: 7 },
    globals: { "es.ip": "host" },
  });
  return lines.map((line) => plainAnswer(session.run(line)));
}

/** An answer on one line. */
function plainAnswer(answer: Answer): string {
  switch (answer.kind) {
    case "nothing":
    case "quit":
      return "";
    case "text":
      return answer.text;
    case "error":
      return `[!] ${answer.message}`;
    case "value":
      return answer.value === null ? "" : toText(answer.value);
  }
}

test.each<[string, readonly string[], readonly string[]]>([
  ["an expression", ["1 + 1"], ["2"]],
  ["an undefined variable is null and prints nothing", ["nobody"], [""]],
  ["an assignment shows its value", ["x := 2 + 2", "x * 10"], ["4", "40"]],
  ["null can be assigned", ["x := null", "exists(x)"], ["", "false"]],
  ["assignments nest", ["a := b := 5", "a + b"], ["5", "10"]],
  ["a := in a string assigns nothing", ["TO_UPPER('a := b')"], ["A := B"]],
  [
    "a failing assignment keeps the old value",
    ["x := 1", "x := 1 / 0", "x"],
    ["1", "[!] error: division by zero", "1"],
  ],
  ["variables given beforehand", ["given + 1"], ["8"]],
  ["_ is all of them", ["x := 1", "MAP_GET('x', _) + LENGTH(_)"], ["1", "3"]],
  ["comments and blanks", ["# a comment", "   ", "1 // one"], ["", "", "1"]],
  ["%vars", ["x := 2 + 2", "%vars"], ["4", "given = 7\nx = 4 via `2 + 2`"]],
  ["%vars without any", ["%vars"], ["given = 7"]],
  ["%define and %globals", ["%define a := 1 + 1", "%globals"], ["2", "{es.ip=host, a=2}"]],
  [
    "%undefine",
    ["%undefine es.ip", "%globals", "%undefine es.ip"],
    ["", "{}", "[!] there is no global es.ip"],
  ],
  ["%define of nothing", ["%define a"], ["[!] expected assignment expression: %define name := expression"]],
  ["%define of null", ["%define a := null"], ["[!] expression produced no result"]],
  ["a magic nobody knows", ["%function"], ["[!] there is no %function; did you mean %functions?"]],
  ["help on nothing", ["?TO_UPER"], ["[!] No docs available for function 'TO_UPER'; did you mean ?TO_UPPER"]],
])("%s", (_name, lines, answers) => {
  expect(transcript(...lines).map((answer) => answer.split("\n --> ")[0])).toEqual(answers);
});

test("help shows what a function takes, gives and does", () => {
  const [help = ""] = transcript("?STARTS_WITH");
  expect(help).toMatch(/^STARTS_WITH\(\w+, \w+\)\n\n[A-Z].*\.\n\nArguments\n/);
  expect(help).toContain("Returns boolean");
  expect(help).toContain("Examples\n  STARTS_WITH(");
});

test("%functions lists what contains a text", () => {
  const [all = "", some = "", none] = transcript(
    "%functions",
    "%functions starts_w",
    "%functions no such thing",
  );
  expect(all.split("\n").length).toBeGreaterThan(100);
  expect(some.split("\n").map((line) => line.split("(")[0])).toEqual(["STARTS_WITH"]);
  expect(none).toBe("");
});

test("%time gives the value and how long it took", () => {
  const answer = new Session({ registry: standardRegistry }).run("%time 1 + 1");
  expect(answer).toMatchObject({ kind: "value", value: 2 });
  expect(answer.kind === "value" && (answer.milliseconds ?? -1) >= 0).toBe(true);
});

test("quit ends", () => {
  expect(new Session({ registry: standardRegistry }).run("quit")).toEqual({ kind: "quit" });
});

test.each([
  ["1 +", true],
  ["[1,", true],
  ["MAP([1, 2],\n  x ->", true],
  ["'an open string", true],
  ["x :=", true],
  ["x := match{ a => 1,", true],
  ["if a then 1", true],
  ["%time (1", true],
  ["1 + 1", false],
  ["1 + )", false],
  ["a b", false],
  ["?TO_UP", false],
  ["%functions (", false],
  ["# (", false],
  ["", false],
])("%j is incomplete: %s", (text, incomplete) => {
  expect(isIncomplete(text)).toBe(incomplete);
});

test("a script is split where statements end", () => {
  expect(statementsIn("x := [1,\n  2]\n\n// note\ny := x\n# more\nMAP(x,\n")).toEqual([
    "x := [1,\n  2]",
    "// note",
    "y := x",
    "# more",
    "MAP(x,\n",
  ]);
});

describe("completion", () => {
  const sources = {
    functions: functionLines(standardRegistry),
    variables: [
      ["ip_src_addr", "field"],
      ["ip_dst_addr", "field"],
    ] as const,
    magics: MAGICS,
  };
  const texts = (text: string) => complete(text, text.length, sources).options.map((option) => option.text);

  test.each<[string, readonly string[]]>([
    ["ip_s", ["ip_src_addr"]],
    ["1 + STARTS_W", ["STARTS_WITH("]],
    ["starts_w", ["STARTS_WITH("]],
    ["dst_add", ["ip_dst_addr"]],
    ["?TO_UPP", ["TO_UPPER"]],
    ["%fun", ["functions"]],
    ["'ip_s", []],
    ["// ip_s", []],
    ["'done' in ip_s", ["ip_src_addr"]],
    ["defau", ["default"]],
    ["", []],
  ])("of %j", (text, expected) => {
    expect(texts(text).slice(0, 3)).toEqual(expected);
  });

  test("says where the word starts", () => {
    expect(complete("not(ip_s", 8, sources).from).toBe(4);
  });
});

test.each<[string, unknown, string]>([
  ["null", null, ""],
  ["a string", "text", "text"],
  ["a short list", [1, "a"], "[1, a]"],
  [
    "a list of maps",
    [
      { host: "a", n: 1 },
      { host: "bb", n: 22 },
    ],
    "host  n\n────  ──\na     1\nbb    22",
  ],
  [
    "counts",
    { GET: 10, POST: 5, PUT: 0 },
    `GET   10  ${"█".repeat(30)}\nPOST   5  ${"█".repeat(15)}\nPUT    0`,
  ],
  ["many numbers", [1, 2, 3, 4, 5, 6, 7, 8], "[1, 2, 3, 4, 5, 6, 7, 8]\n▁▂▃▄▅▆▇█"],
])("%s is shown for the eye", (_name, plain, expected) => {
  expect(renderValue(fromMessage(plain))).toBe(expected);
});

test("what nests and is long is indented", () => {
  const value = fromMessage({ a: { b: ["x".repeat(60), "y".repeat(60)] } });
  expect(renderValue(value)).toBe(
    `{\n  a = {\n    b = [\n      ${"x".repeat(60)}\n      ${"y".repeat(60)}\n    ]\n  }\n}`,
  );
});
