import { expect, test } from "vitest";
import { Fault } from "../core/fault.ts";
import { diffLines } from "./diff.ts";
import { readGlobal } from "./global.ts";
import { readSensor } from "./sensor.ts";

/** What a mistake in a document says: where it is and what was expected there. */
const MISTAKES: [text: string, ...mistakes: string[]][] = [
  ["sensor: web\nparser: { asa: {} }\nparsr: 1\n", "web.yaml:3:1: parsr: no such option"],
  ["parser: { asa: {} }\n", "web.yaml:1:1: sensor: is missing; expected a text"],
  ["sensor: web\n", "web.yaml:1:1: parser: is missing; expected a map"],
  [
    "sensor: a/b\nparser: { asa: {} }\n",
    "web.yaml:1:1: sensor: expected a name of letters, digits, `_`, `-` or `.`, at most 64",
  ],
  ["sensor: web\nparser: { asa: {}, csv: {} }\n", "web.yaml:2:1: parser: expected exactly one component"],
  [
    "sensor: web\nparser: { asa: {} }\ntriage:\n  rules:\n    - { rule: 5, score: 1 }\nindex: { retentionDays: -1 }\n",
    "web.yaml:5:9: triage.rules.0.rule: expected a text, not `5`",
    "web.yaml:6:10: index.retentionDays: expected a number more than 0",
  ],
  ["sensor: web\nsensor: web\n", "web.yaml:2:1: Map keys must be unique"],
  [
    'sensor: web\nparser: { jsonMap: { a: 1, "a": 2 } }\nindex: { 1: a, "1": b }\n',
    "web.yaml:2:28: Map keys must be unique",
    "web.yaml:3:16: Map keys must be unique",
  ],
  [
    "sensor: [web\n",
    "web.yaml:2:1: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
];

test.each(MISTAKES)("%j", (text, ...mistakes) => {
  let message = "";
  try {
    readSensor(text, "web.yaml");
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    message = error.message;
  }
  expect(message.split("\n")).toEqual(mistakes);
});

test("a map of many keys is read, and each wrong one of them is told", () => {
  // Comparing each key with all others, or looking for each in turn, would take many minutes.
  const keys = Array.from({ length: 60_000 }, (_, n) => `key${n}: ${n}`);
  const wrong = () => readSensor(`sensor: web\nparser: { asa: {} }\n${keys.join("\n")}\n`, "web.yaml");
  expect(wrong).toThrow(/web\.yaml:60002:1: key59999: no such option$/);
  const flow = () =>
    readSensor(`sensor: web\nparser: { asa: { ${keys.join(", ")}, key7: 1 } }\n`, "web.yaml");
  expect(flow).toThrow(/^web\.yaml:2:\d+: Map keys must be unique$/);
});

test("a few lines cannot expand to gigabytes", () => {
  const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let n = 1; n < 12; n++)
    bomb.push(
      `a${n}: &a${n} [${Array(10)
        .fill(`*a${n - 1}`)
        .join(", ")}]`,
    );
  expect(() => readGlobal(bomb.join("\n"), "metron.yaml")).toThrow();
});

test("an empty global document is one of defaults", () => {
  expect(readGlobal("", "global")).toMatchObject({
    server: { host: "127.0.0.1", port: 8765 },
    timeZone: "UTC",
  });
});

const DIFFS: [before: string, after: string, lines: string[]][] = [
  ["", "", []],
  ["", "a\nb\n", ["+a", "+b"]],
  ["a\nb\n", "", ["-a", "-b"]],
  ["a\nb\nc\n", "a\nx\nc\n", [" a", "-b", "+x", " c"]],
  ["a\nb\nc\nd\n", "b\nc\ne\nd\n", ["-a", " b", " c", "+e", " d"]],
  ["a\na\na\n", "a\na\n", [" a", " a", "-a"]],
];

test.each(DIFFS)("the difference of %j and %j", (before, after, expected) => {
  const marks = { same: " ", added: "+", removed: "-" };
  expect(diffLines(before, after).map(({ change, text }) => marks[change] + text)).toEqual(expected);
});

test("texts that differ in very many lines are shown as replaced as a whole", () => {
  const lines = (letter: string) => Array.from({ length: 1500 }, (_, line) => `${letter}${line}`);
  const [before, after] = [
    [...lines("a"), "end"],
    [...lines("b"), "end"],
  ];
  const found = diffLines(before.join("\n"), after.join("\n"));
  expect(found.filter(({ change }) => change === "removed").map(({ text }) => text)).toEqual(before);
  expect(found.filter(({ change }) => change === "added").map(({ text }) => text)).toEqual(after);
});
