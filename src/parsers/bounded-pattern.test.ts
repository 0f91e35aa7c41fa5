import { expect, test } from "vitest";
import { makeContext } from "../core/context.ts";
import { isRejection } from "../core/rejection.ts";
import { encodeText } from "../core/text.ts";
import { grok } from "./grok/grok.ts";
import { regularExpressions } from "./regular-expressions/regular-expressions.ts";

/** Without a bound each of these takes longer than the universe has existed; the test's own limit would end it. */
const HOSTILE = encodeText(`${"a".repeat(5000)}!`);

test("a grok pattern that backtracks without end answers all the same", { timeout: 5000 }, () => {
  const config = grok.config.parse({
    patterns: ["BAD ^(a+)+$"],
    patternLabel: "BAD",
    timestampField: "timestamp",
  });
  const parser = grok.open(config, makeContext());
  if (!("parseRecord" in parser)) throw new Error("expected the form by record");
  expect([parser.parseRecord(HOSTILE)].flat().every(isRejection)).toBe(true);
});

test("so does a regular expression", { timeout: 5000 }, () => {
  const config = regularExpressions.config.parse({
    recordTypeRegex: "(?<type>a)",
    fields: [{ recordType: "a", regex: "(?<x>(a+)+)b" }],
  });
  const parser = regularExpressions.open(config, makeContext());
  if (!("parseRecord" in parser)) throw new Error("expected the form by record");
  expect(parser.parseRecord(HOSTILE)).toMatchObject({ type: "a" });
});
