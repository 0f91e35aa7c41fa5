import { expect, test } from "vitest";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { type Named, openList } from "../core/component.ts";
import { makeContext, silentLog } from "../core/context.ts";
import type { Message } from "../core/message.ts";
import { makeEnvironment } from "../stellar/run/environment.ts";
import { openFilter } from "./filters.ts";
import { openTransforms } from "./index.ts";
import type { Transform, TransformContext } from "./transform.ts";
import { openValidations, validations } from "./validations/index.ts";

/** What options mean where they are left out, short or wrong, and what is said of messages that cannot go on. */

const context: TransformContext = { ...makeContext(), environment: makeEnvironment(), variables: [] };
const opened = { transform: openTransforms, validate: openValidations };

function run(stage: Transform, messages: readonly Message[]): Batch {
  const batch = new Batch();
  batch.load(
    blockOf(
      messages.map(() => "x"),
      0,
    ),
    { topic: "t", partition: 0, offset: 0 },
  );
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
  stage(batch);
  return batch;
}

const reasons = (batch: Batch) =>
  batch.rejected.map(({ row, rejection: { type, reason } }) => [row, type, reason]);
const messages = (batch: Batch) =>
  Array.from({ length: batch.rows }, (_, row) => ({ ...batch.message(row) }));

test.each<[keyof typeof opened, Named, string, string]>([
  ["transform", { STELLAR: { b: "4 / a" } }, "transformation of b: division by zero", "parser_error"],
  [
    "transform",
    { REMOVE: { output: "c", config: { condition: "4 / a == 1" } } },
    "REMOVE with `4 / a == 1`: division by zero",
    "parser_error",
  ],
  [
    "validate",
    { STELLAR: { config: { condition: "4 / a == 1" } } },
    "validation STELLAR: division by zero",
    "parser_error",
  ],
  [
    "validate",
    { STELLAR: { config: { condition: "a > 3" } } },
    "failed the validation STELLAR",
    "parser_invalid",
  ],
  [
    "validate",
    { NOT_EMPTY: { input: ["b", "c"] } },
    "failed the validation NOT_EMPTY (b, c)",
    "parser_invalid",
  ],
])("%s %j rejects a message with the reason: %s", (stage, item, reason, type) => {
  const batch = run(opened[stage]([item], context), [{ a: 0 }, { a: 4, b: "x", c: "y" }]);
  expect(reasons(batch)).toEqual([[0, type, reason]]);
  expect([...batch.live.subarray(0, 2)]).toEqual([0, 1]);
});

test("what is neither true nor false is told with its expression", () => {
  const query = { STELLAR: { query: "a" } };
  expect(reasons(run(openFilter(query, context), [{}, { a: 5 }, { a: false }, { a: true }]))).toEqual([
    [0, "parser_error", "filter `a`: it is null"],
    [1, "parser_error", expect.stringMatching(/^filter `a`: .*int/)],
  ]);
  const removed = run(openTransforms([{ REMOVE: { output: "b", config: { condition: "a" } } }], context), [
    { b: 1 },
    { a: true, b: 2 },
    { a: false, b: 3 },
  ]);
  expect(reasons(removed)).toEqual([[0, "parser_error", "REMOVE with `a`: it is null"]]);
  expect(messages(removed)).toEqual([{ b: 1 }, { a: true }, { a: false, b: 3 }]);
  const valid = run(openValidations([{ STELLAR: { config: { condition: "a" } } }], context), [{}]);
  expect(reasons(valid)).toEqual([[0, "parser_error", "validation STELLAR: `a` is null"]]);
});

test("a message that a validation cannot be asked about is rejected once, whatever else it fails", () => {
  const list = [{ NOT_EMPTY: { input: "b" } }, { STELLAR: { config: { condition: "4 / a == 1" } } }];
  expect(reasons(run(openValidations(list, context), [{ a: 0 }]))).toEqual([
    [0, "parser_error", "validation STELLAR: division by zero"],
  ]);
});

test("validations of every sensor come first, and a field that fails two is named once", () => {
  const everywhere = openList(validations, [{ IP: { input: "a" } }], context);
  const stage = openValidations([{ INTEGER: { input: "a" } }], context, validations, everywhere);
  const batch = run(stage, [{ a: "x" }]);
  expect(batch.rejected[0]?.rejection).toMatchObject({
    reason: "failed the validation IP (a) and INTEGER (a)",
    fields: ["a"],
  });
});

test.each<[Named, Message, Message]>([
  [{ REMOVE: { input: "a", config: null } }, { a: 1, b: 2 }, { b: 2 }],
  [{ REMOVE: { input: "a", config: { condition: " " } } }, { a: 1, b: 2 }, { b: 2 }],
  [{ REMOVE: { input: "a", output: [] } }, { a: 1, b: 2 }, { b: 2 }],
  [{ REMOVE: { input: null, output: ["a", "gone"] } }, { a: 1, b: 2 }, { b: 2 }],
  [{ REGEX_SELECT: { input: "a", config: { word: "^w" } } }, { a: "wx" }, { a: "word" }],
  [{ REGEX_SELECT: { input: "a", config: { one: "x", two: "w" } } }, { a: "wx" }, { a: "one" }],
  [{ REGEX_SELECT: { input: "a", output: "b", config: { one: "y" } } }, { a: "wx", b: 1 }, { a: "wx", b: 1 }],
  [
    { REGEX_SELECT: { input: ["a", "c"], output: ["b", "d"], config: { n: "^5$" } } },
    { a: 5 },
    { a: 5, b: "n" },
  ],
  [{ REGEX_SELECT: { config: { one: "y" } } }, { a: "y" }, { a: "y" }],
  [{ RENAME: { config: { a: "b" } } }, { a: 1, config: 2 }, { b: 1, config: 2 }],
  [{ RENAME: { config: "b" } }, { a: 1, config: 2 }, { a: 1, b: 2 }],
  [{ RENAME: { a: "a" } }, { a: 1 }, { a: 1 }],
  [{ RENAME: { input: [], config: { a: "b" } } }, { a: 1 }, { b: 1 }],
  [{ RENAME: { a: "b", b: "a" } }, { a: null, b: 2 }, { a: 2 }],
  [{ RENAME: { a: "b", b: "a" } }, { a: [1, "x"], b: 0.5 }, { a: 0.5, b: [1, "x"] }],
  [{ SELECT: { input: ["a", "b"], output: ["a"] } }, { a: 1, b: 2, c: 3 }, { a: 1, c: 3 }],
  [{ SELECT: { input: ["a"] } }, { a: 1, b: 2 }, { a: 1, b: 2 }],
  [
    { SELECT: { output: [] } },
    { a: 1, "source.type": "x", original_string: "o" },
    { "source.type": "x", original_string: "o" },
  ],
  [{ STELLAR: { output: ["b"], config: { b: "a" } } }, { a: null, b: 1 }, { a: null }],
  [{ STELLAR: { output: ["gone"], config: { b: "a" } } }, { a: 1 }, { a: 1 }],
])("%j makes of %j %j", (item, message, expected) => {
  const batch = run(openTransforms([item], context), [message]);
  expect(reasons(batch)).toEqual([]);
  expect(messages(batch)).toStrictEqual([expected]);
});

test.each<[Message, boolean]>([
  [{ p: "dns" }, true],
  [{ p: "DNS" }, false],
  [{ p: 5 }, true],
  [{ p: "5.0" }, false],
  [{ p: null }, false],
  [{}, false],
])("of %j the filter BRO keeps: %s", (message, isKept) => {
  const batch = run(openFilter({ BRO: { field: "p", known: ["dns", "5"] } }, context), [message]);
  expect([batch.liveCount(), batch.dropped]).toEqual(isKept ? [1, 0] : [0, 1]);
});

test("a filter leaves alone what was rejected before", () => {
  for (const item of [{ BRO: { field: "p", known: [] } }, { STELLAR: { query: "p" } }]) {
    const batch = run(
      (loaded) => {
        loaded.live[0] = 0;
        openFilter(item, context)(loaded);
      },
      [{ p: 1 }],
    );
    expect([batch.dropped, batch.rejected]).toEqual([0, []]);
  }
});

test("REGEX_SELECT goes on without what is no pattern, and tells of it", () => {
  const told: unknown[] = [];
  const log = { ...silentLog, warn: (sentence: string, fields?: object) => told.push([sentence, fields]) };
  const config = { bad: ["(", "y"], good: "w" };
  const stage = openTransforms([{ REGEX_SELECT: { input: "a", config } }], { ...context, log });
  expect(told).toEqual([["REGEX_SELECT skips what is no pattern.", { name: "bad", pattern: "(" }]]);
  expect(messages(run(stage, [{ a: "w" }, { a: "y" }]))).toEqual([{ a: "good" }, { a: "bad" }]);
});

test.each<[keyof typeof opened | "filter", Named, string, object | undefined]>([
  ["filter", { STELLAR: { query: "a ==" } }, "STELLAR filter, `a ==`: ", { expression: "a ==" }],
  [
    "transform",
    { REMOVE: { input: "a", config: { condition: "a +" } } },
    "the condition of REMOVE, `a +`: ",
    { expression: "a +" },
  ],
  ["transform", { STELLAR: { b: "(" } }, "STELLAR: b, `(`: ", { expression: "(" }],
  ["validate", { STELLAR: { config: { condition: "(" } } }, "STELLAR: condition, `(`: ", { expression: "(" }],
  ["validate", { REGEX_MATCH: { config: { pattern: "(" } } }, "REGEX_MATCH: pattern `(`: ", undefined],
  ["validate", { DATE: { config: { format: "bogus" } } }, "DATE: format `bogus`: ", undefined],
])("%s %j is refused when opening, with its place", (kind, item, said, details) => {
  const open = () => (kind === "filter" ? openFilter(item, context) : opened[kind]([item], context));
  expect(open).toThrow(said);
  expect(open).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      cause: expect.any(Error),
      ...(details && { details: expect.objectContaining({ ...details, start: expect.any(Number) }) }),
    }),
  );
});

test("expressions see the metadata of a record where its message has no such field, and only while they run", () => {
  const stage = openTransforms([{ STELLAR: { b: "customer", c: "EXISTS(host)" } }], context);
  const batch = run(
    (loaded) => {
      loaded.showsMetadata = true;
      loaded.metadataColumn("customer").setString(0, "of the envelope");
      loaded.metadataColumn("host").setString(1, "web1");
      stage(loaded);
    },
    [{}, { customer: "own" }],
  );
  expect(messages(batch)).toEqual([
    { b: "of the envelope", c: false },
    { customer: "own", b: "own", c: true },
  ]);
});

test("metadata that are not to be seen are not", () => {
  const stage = openTransforms([{ STELLAR: { c: "EXISTS(customer)" } }], context);
  const batch = run(
    (loaded) => {
      loaded.metadataColumn("customer").setString(0, "x");
      stage(loaded);
    },
    [{}],
  );
  expect(messages(batch)).toEqual([{ c: false }]);
});
