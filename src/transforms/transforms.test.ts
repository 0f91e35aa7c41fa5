import { expect, test } from "vitest";
import { z } from "zod";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import type { Named } from "../core/component.ts";
import { makeContext } from "../core/context.ts";
import type { Message } from "../core/message.ts";
import { makeEnvironment } from "../stellar/run/environment.ts";
import { filters, openFilter } from "./filters.ts";
import { openTransforms, transforms } from "./index.ts";
import type { TransformContext } from "./transform.ts";
import { openValidations, validations } from "./validations/index.ts";
import { checkParsed } from "./validations/parsed.ts";

const context: TransformContext = {
  ...makeContext({ clock: { now: () => 1_591_012_800_000 } }),
  environment: makeEnvironment(),
  variables: [{ k: "configured" }],
};

function batchOf(...messages: Message[]): Batch {
  const batch = new Batch();
  const block = blockOf(
    messages.map(() => "x"),
    0,
  );
  batch.load(block, { topic: "t", partition: 0, offset: 0 });
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
  return batch;
}

function transform(list: readonly Named[], message: Message): Message {
  const batch = batchOf(message);
  openTransforms(list, context)(batch);
  expect(batch.rejected).toEqual([]);
  return { ...batch.message(0) };
}

test.each<[Named, Message, Message]>([
  [{ IP_PROTOCOL: { input: "p" } }, { p: 6 }, { p: "TCP" }],
  [{ IP_PROTOCOL: { input: ["p"], output: ["q"] } }, { p: 17 }, { p: 17, q: "UDP" }],
  [{ IP_PROTOCOL: { input: "p" } }, { p: "6" }, { p: "6" }],
  [{ IP_PROTOCOL: { input: "p" } }, { p: 0 }, {}],
  [{ IP_PROTOCOL: { input: "p" } }, { p: 4294967302 }, { p: "TCP" }],
  [{ "ip-protocol": { input: "p" } }, { p: 6.9 }, { p: "TCP" }],
  [{ REMOVE: { input: ["a", "b"] } }, { a: 1, b: 2, c: 3 }, { c: 3 }],
  [{ REMOVE: { input: ["a"], config: { condition: "exists(b)" } } }, { a: 1, b: 2 }, { a: 1, b: 2 }],
  [{ REMOVE: { output: ["a"], config: { condition: "b == 2" } } }, { a: 1, b: 2 }, { b: 2 }],
  [{ STELLAR: { b: "TO_UPPER(a)", c: "b" } }, { a: "x" }, { a: "x", b: "X", c: "X" }],
  [{ STELLAR: { output: ["c"], config: { t: "a + 1", c: "t * 2" } } }, { a: 1 }, { a: 1, c: 4 }],
  [{ STELLAR: { output: ["a", "b"], config: { a: "null", b: "a" } } }, { a: 1 }, { b: 1 }],
  [
    { STELLAR: { input: ["a"], output: ["c"], config: { c: "exists(b)" } } },
    { a: 1, b: 1 },
    { a: 1, b: 1, c: false },
  ],
  [{ STELLAR: { b: "k" } }, {}, { b: "configured" }],
  [{ SELECT: { output: ["a"] } }, { a: 1, b: 2, timestamp: 3, guid: "g" }, { a: 1, timestamp: 3 }],
  [{ RENAME: { a: "x" } }, { a: 1, b: 2 }, { x: 1, b: 2 }],
  [{ RENAME: { input: ["a"], config: { a: "x", b: "y" } } }, { a: 1, b: 2 }, { x: 1, b: 2 }],
  [{ RENAME: { a: "b" } }, { a: null, b: 2 }, {}],
  [{ RENAME: { a: "b", b: "a" } }, { a: 1, b: "x" }, { a: "x", b: 1 }],
  [{ RENAME: { a: "b", b: "c" } }, { a: 1, b: 2 }, { b: 1, c: 2 }],
  [{ RENAME: { a: "b", b: "a" } }, { a: 1 }, { b: 1 }],
  [
    { REGEX_SELECT: { input: "f", output: "t", config: { A: "^h", B: ["[", "wor.d"] } } },
    { f: "a world" },
    { f: "a world", t: "B" },
  ],
])("%j makes of %j %j", (item, message, expected) => {
  expect(transform([item], message)).toEqual(expected);
});

test("transformations follow one another", () => {
  const list = [{ RENAME: { a: "b" } }, { STELLAR: { c: "b" } }, { REMOVE: { input: "b" } }];
  expect(transform(list, { a: 5 })).toEqual({ c: 5 });
});

test("a transformation that fails loses that message alone", () => {
  const batch = batchOf({ a: 0 }, { a: 2 });
  openTransforms([{ STELLAR: { b: "4 / a" } }], context)(batch);
  expect([...batch.live.subarray(0, 2)]).toEqual([0, 1]);
  expect(batch.message(1)).toMatchObject({ b: 2 });
  expect(batch.rejected[0]?.rejection).toMatchObject({ type: "parser_error" });
  expect(batch.rejected[0]?.rejection.reason).toContain("transformation of b: ");
});

test.each([
  [[{ NOPE: {} }], "there is no field transformation `NOPE`; known are COMMUNITY_ID, IP_PROTOCOL, "],
  [[{ STELLAR: { a: "1 +" } }], "STELLAR: a, `1 +`: "],
  [[{ STELLAR: { config: { a: "1" } } }], "`output` is missing"],
  [[{ REMOVE: { input: "a", where: "b" } }], "no such option"],
])("%j is refused when opening", (list, reason) => {
  expect(() => openTransforms(list as Named[], context)).toThrow(reason as string);
});

test.each<[Named | undefined, number[]]>([
  [{ STELLAR: { query: "a == 1" } }, [1, 0, 0]],
  [{ BRO: { field: "p", known: ["http", "dns"] } }, [0, 1, 0]],
  [{ DEFAULT: {} }, [1, 1, 1]],
  [undefined, [1, 1, 1]],
])("filter %j keeps %j", (item, live) => {
  const batch = batchOf({ a: 1 }, { a: 2, p: "dns" }, { p: "ssl" });
  openFilter(item, context)(batch);
  expect([...batch.live.subarray(0, 3)]).toEqual(live);
  expect(batch.dropped).toBe(live.filter((kept) => kept === 0).length);
});

test("a filter that is neither true nor false rejects the message", () => {
  const batch = batchOf({ a: 1 }, { a: true }, {});
  openFilter({ STELLAR: { query: "a" } }, context)(batch);
  expect([...batch.live.subarray(0, 3)]).toEqual([0, 1, 0]);
  expect(batch.rejected.map(({ row }) => row).sort()).toEqual([0, 2]);
});

test.each<[string, unknown, Message, boolean]>([
  ["IP", { input: "a" }, { a: "10.0.0.1" }, true],
  ["IP", { input: "a" }, { a: "10.0.0" }, false],
  ["IP", { input: ["a", "b"] }, { a: "bad" }, false],
  ["IP", { input: ["a", "b"] }, { b: "999.1.1.1" }, false],
  ["IP", { input: ["a", "b"] }, { a: "10.0.0.1", b: "banana" }, false],
  ["IP", { input: ["a", "b"] }, { a: "10.0.0.1", b: "2001:db8::1" }, true],
  ["IP", { input: ["a", "b"] }, {}, true],
  ["IP", { input: ["a", "b"], config: { require: "any" } }, { a: "bad" }, true],
  ["IP", { input: ["a", "b"], config: { require: "any" } }, { a: "bad", b: "bad" }, false],
  ["IP", { input: "a", config: { type: ["IPV6"] } }, { a: "10.0.0.1" }, false],
  ["DOMAIN", { input: "a" }, { a: "example.com" }, true],
  ["DOMAIN", { input: "a" }, { a: "localhost" }, false],
  ["EMAIL", { input: "a" }, { a: "me@example.com" }, true],
  ["EMAIL", { input: "a" }, { a: "bad@" }, false],
  ["URL", { input: "a" }, { a: "ftp://example.com" }, true],
  ["URL", { input: "a" }, { a: "http://example.com:99999/" }, false],
  ["DATE", { input: "a", config: { format: "yyyy-MM-dd" } }, { a: "2016-02-29 tail" }, true],
  ["DATE", { input: "a", config: { format: "yyyy-MM-dd" } }, { a: "2015-02-29" }, false],
  ["DATE", { input: ["a", "b"], config: { format: "yyyy" } }, { b: "bad" }, false],
  ["DATE", { input: ["a", "b"], config: { format: "yyyy", endsAtAbsent: true } }, { b: "bad" }, true],
  ["INTEGER", { input: "a" }, { a: "1,000" }, true],
  ["INTEGER", { input: "a" }, { a: 5.5 }, false],
  ["REGEX_MATCH", { input: "a", config: { pattern: "a.c" } }, { a: "abc" }, true],
  ["REGEX_MATCH", { input: "a", config: { pattern: "a.c" } }, { a: "abcx" }, false],
  ["NOT_EMPTY", { input: "a" }, {}, false],
  ["NOT_EMPTY", { input: "a" }, { a: " " }, false],
  ["STELLAR", { config: { condition: "a == b" } }, { a: 1, b: 1 }, true],
  ["STELLAR", { input: "a", config: { condition: "exists(b)" } }, { a: 1, b: 1 }, false],
])("%s %j of %j is %s", (name, options, message, expected) => {
  const batch = batchOf(message);
  openValidations([{ [name]: options }], context)(batch);
  expect(batch.live[0]).toBe(expected ? 1 : 0);
  if (!expected) expect(batch.rejected[0]?.rejection.type).toBe("parser_invalid");
});

test("a rejection names the fields of all validations that failed", () => {
  const batch = batchOf({ ip: "x", n: "y" });
  openValidations([{ IP: { input: ["ip"] } }, { INTEGER: { input: ["n"] } }], context)(batch);
  expect(batch.rejected[0]?.rejection).toMatchObject({
    type: "parser_invalid",
    fields: ["ip", "n"],
    reason: "failed the validation IP (ip) and INTEGER (n)",
  });
});

test.each([
  [{ NOT_EMPTY: {} }, { a: "x", b: "" }, false],
  [{ NOT_EMPTY: {} }, { a: "x" }, true],
  [{ NOT_EMPTY: {} }, { a: " \t\n" }, false],
  [{ NOT_EMPTY: {} }, { a: "\u00a0" }, true],
  [{ IP: {} }, { a: "x" }, false],
  [{ IP: {} }, { a: "x", b: "10.0.0.1" }, false],
  [{ IP: { config: { require: "any" } } }, { a: "x", b: "10.0.0.1" }, true],
  [{ INTEGER: {} }, { a: 5, b: "x" }, false],
  [{ REGEX_MATCH: { config: { pattern: "[a-z]+" } } }, { a: "x", b: null }, true],
  [{ DATE: { config: { format: "yyyy" } } }, { a: "x" }, false],
])("%j without fields looks at the whole message %j", (item, message, isValid) => {
  // The other message has a field that this one lacks.
  const batch = batchOf(message, { zz: "other" });
  openValidations([item], context)(batch);
  expect(batch.live[0] === 1).toBe(isValid);
});

test("parsed messages need original_string and timestamp", () => {
  const batch = batchOf(
    { original_string: "x", timestamp: 1_591_012_800_000 },
    { original_string: "x" },
    { original_string: "x", timestamp: -5 },
    { original_string: "x", timestamp: 1467011157401123456n },
    { original_string: "x", timestamp: -1467011157401123456n },
    { original_string: "x", timestamp: "1591012800000" },
    { original_string: "x", timestamp: [1] },
    { original_string: "x", timestamp: 0 },
    { original_string: "x", timestamp: 1_591_012_800_000.5 },
    { timestamp: 1_591_012_800_000 },
  );
  const live = () => batch.live.subarray(0, batch.rows).join("");
  checkParsed(batch, "none");
  expect(live()).toBe("1111111111");
  checkParsed(batch, "present");
  expect(live()).toBe("1011111110");
  checkParsed(batch, "positive timestamp");
  expect(live()).toBe("1001000000");
  expect(new Set(batch.rejected.map(({ rejection: { type, reason } }) => `${type}: ${reason}`))).toEqual(
    new Set([
      "parser_invalid: the message has no original_string",
      "parser_invalid: the message has no timestamp",
      "parser_invalid: the timestamp is not a time after 1970",
    ]),
  );
});

for (const definition of [...transforms.list, ...filters.list, ...validations.list]) {
  test(`${definition.name}: one sentence says what it does and every option is described`, () => {
    expect(definition.summary).toMatch(/^[A-Z][^\n]*[^.]\.$/);
    const described = (schema: z.core.JSONSchema.BaseSchema): void => {
      for (const part of schema.anyOf ?? []) described(part as z.core.JSONSchema.BaseSchema);
      for (const [name, option] of Object.entries(schema.properties ?? {})) {
        expect((option as { description?: string }).description, name).toMatch(/\w/);
      }
    };
    described(z.toJSONSchema(definition.config, { io: "input" }));
  });
}
