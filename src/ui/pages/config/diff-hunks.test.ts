import { expect, test } from "vitest";
import { type DiffLine, hunksOf, markedLines } from "./diff-hunks.ts";

const lines = (text: string): DiffLine[] =>
  [...text].map((mark) => ({
    change: mark === "+" ? "added" : mark === "-" ? "removed" : "same",
    text: mark,
  }));

const shown = (text: string, context: number) =>
  hunksOf(lines(text), context)
    .map((hunk) => ("left" in hunk ? `(${hunk.left})` : hunk.lines.map((line) => line.text).join("")))
    .join(" ");

test.each([
  ["", 1, ""],
  ["....", 1, "(4)"],
  ["+++", 1, "+++"],
  ["....-+....", 1, "(3) .-+. (3)"],
  ["..+...+..", 1, "(1) .+. (1) .+. (1)"],
  ["..+..+..", 1, "(1) .+..+. (1)"],
])("%j with %d around is %j", (text, context, expected) => {
  expect(shown(text, context)).toBe(expected);
});

test("a line that took another's place is marked where the two differ", () => {
  const lines: DiffLine[] = [
    { change: "same", text: "triage:" },
    { change: "removed", text: "  score: 65 # high" },
    { change: "removed", text: "  gone" },
    { change: "added", text: "  score: 66 # high" },
    { change: "same", text: "end" },
    { change: "added", text: "new" },
  ];
  expect(markedLines(lines).map(({ change, parts }) => [change, ...parts])).toEqual([
    ["same", "triage:", "", ""],
    ["removed", "  score: 6", "5", " # high"],
    ["removed", "  gone", "", ""],
    ["added", "  score: 6", "6", " # high"],
    ["same", "end", "", ""],
    ["added", "new", "", ""],
  ]);
});
