import { expect, test } from "vitest";
import { DEVIATIONS, type Observed, type ParserCase } from "./testing/deviations.ts";

const CASE: ParserCase = {
  id: "x",
  parser: "BRO",
  input: '{"http":{"ts":1.0,"a":1}}',
  config: {},
  error: false,
  errorScope: undefined,
  messages: [{ a: 1, original_string: "HTTP | a:1 ts:1.0" }],
  orderDependent: ["original_string"],
};
const FAILING: ParserCase = { ...CASE, error: true, errorScope: "payload", messages: [] };
const NOTHING: Observed = { messages: [], reasons: [], refused: undefined };

function reasonFor(example: ParserCase, observed: Observed, fields: readonly string[] = []) {
  return DEVIATIONS.find(({ explains }) => explains(example, observed, fields))?.name;
}

test.each([
  ["the record", '{"http":{"ts":1.0,"a":1}}', "hash order"],
  ["the record with another value", '{"http":{"ts":1.0,"a":2}}', undefined],
  ["nothing", "", undefined],
])("an original_string that is %s", (_what, original_string, name) => {
  const observed = { ...NOTHING, messages: [{ a: 1, original_string }] };
  expect(reasonFor(CASE, observed, ["original_string"])).toBe(name);
});

test.each([
  ['{"a":1,"b":2}', "hash order"],
  ['{"b":2,"a":1}', "hash order"],
  ['{"b":2}', undefined],
])("a message's own JSON %s may have its keys in another order", (original_string, name) => {
  const example = {
    ...CASE,
    parser: "JSONMAP",
    input: "[]",
    messages: [{ original_string: '{"b":2,"a":1}' }],
  };
  expect(reasonFor(example, { ...NOTHING, messages: [{ original_string }] }, ["original_string"])).toBe(name);
});

test.each([
  ['{"http":{"ts":1.0,"a":null}}', "bro null"],
  ['{"http":{"ts":1.0,"a":"null"}}', undefined],
  ['{"http":{"ts":"2016-07-04T08:36:17Z"}}', "bro dates"],
  ['{"http":{"ts":"soon"}}', undefined],
])("a Bro record %s that the original fails on", (input, name) => {
  expect(reasonFor({ ...FAILING, input }, { ...NOTHING, messages: [{ a: 1 }] })).toBe(name);
});

test("what fails beside messages that are as they should be is no silent loss of theirs", () => {
  const observed = { ...NOTHING, messages: [{ a: 1 }], reasons: ["no header"] };
  const example = { ...CASE, messages: [{ a: 1 }] };
  expect(reasonFor(example, observed)).toBe("silent loss");
  expect(reasonFor(example, observed, ["a"])).toBeUndefined();
  expect(reasonFor({ ...example, messages: [] }, observed)).toBeUndefined();
});

test("messages may survive one that fails, but one that is wrongly taken is no deviation", () => {
  const taken = { ...NOTHING, messages: [{ a: 1 }] };
  expect(reasonFor(FAILING, { ...taken, reasons: ["bad"] })).toBe("one message, not the payload");
  expect(reasonFor({ ...FAILING, errorScope: "line" }, { ...taken, reasons: ["bad"] })).toBeUndefined();
  expect(reasonFor(FAILING, taken)).toBeUndefined();
});
