import { expect, test } from "vitest";
import { problemOf } from "../../../call.ts";
import { checkQuery, mistakeIn } from "./query-mistake.ts";

test("what is no query is refused with the place and the sentence of the server", () => {
  expect(mistakeIn("a:b AND (c")).toEqual({ from: 8, to: 9, message: "This ( is not closed: add a )." });
  expect(mistakeIn("a:b AND c")).toBeUndefined();
  expect(refusalOf("a:b\nAND (c")).toMatchObject({
    code: "QUERY_INVALID",
    detail: "Line 2, column 5: This ( is not closed: add a ).",
    line: 2,
    column: 5,
    advice: expect.stringContaining("marked place"),
  });
  expect(refusalOf("a:b")).toBeUndefined();
});

function refusalOf(text: string) {
  try {
    checkQuery(text);
    return undefined;
  } catch (thrown) {
    return problemOf(thrown);
  }
}
