import { expect, test } from "vitest";
import { headingsOf, isHeaded } from "./heading.ts";
import { encodeText } from "./text.ts";

const headings = (lines: readonly string[]): string[] | undefined => {
  const of = headingsOf(lines.length, (record) => encodeText(lines[record] as string));
  return of && lines.map((_line, record) => of(record));
};

test.each<[name: string, lines: string[], expected: string[] | undefined]>([
  ["nothing", [], undefined],
  ["lines without a header", ["a", "#separator x"], undefined],
  ["a comment", ["# separator x", "a"], undefined],
  ["a header alone", ["#separator x"], ["#separator x"]],
  [
    "a log of two header lines",
    ["#separator x", "#fields\ta", "1", "2"],
    ["#separator x", "#separator x\n#fields\ta", "#separator x\n#fields\ta", "#separator x\n#fields\ta"],
  ],
  [
    "fields that change in the middle",
    ["#separator x", "1", "#fields\tb", "2"],
    ["#separator x", "#separator x", "#separator x\n#fields\tb", "#separator x\n#fields\tb"],
  ],
  [
    "a log behind the end of another",
    ["#separator x", "#fields\ta", "1", "#close\tnow", "2", "#separator y", "3"],
    ["#separator x", ...Array<string>(4).fill("#separator x\n#fields\ta"), "#separator y", "#separator y"],
  ],
])("the header lines of %s", (_name, lines, expected) => {
  expect(headings(lines)).toEqual(expected);
});

test("a mark of byte order in a header line stays, as its record has it", () => {
  expect(headings(["#separator x", "#fields\t\ufeffa"])?.[1]).toBe("#separator x\n#fields\t\ufeffa");
});

test("a log is known by its first bytes, wherever they begin", () => {
  const bytes = encodeText("ab#separator \\x09");
  expect([0, 2, 3, bytes.length].map((start) => isHeaded(bytes, start))).toEqual([false, true, false, false]);
});
