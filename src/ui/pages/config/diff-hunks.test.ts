import { expect, test } from "vitest";
import { type DiffLine, hunksOf } from "./diff-hunks.ts";

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
