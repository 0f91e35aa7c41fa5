import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Batch } from "../../../core/batch.ts";
import { blockOf } from "../../../core/block.ts";
import type { Column } from "../../../core/column.ts";
import { Dictionary } from "../../../core/dictionary.ts";
import { type FieldValue, type Message, messageFromJson } from "../../../core/message.ts";
import { Double, Float } from "../../../core/number.ts";
import { runs } from "../../../core/testing/runs.ts";
import { batchOf, NOON } from "../testing/test-batches.ts";
import { documentOf, type SeenFields } from "./document.ts";
import { type Lines, sizeOf, sourceOf } from "./lines.ts";
import { LinesEncoder } from "./lines-encoder.ts";
import { Names } from "./names.ts";

const FIELDS = [
  "ip_src_addr",
  "ip_dst_port",
  "duration",
  "bytes",
  "local_orig",
  "eventtime",
  "user",
  "domain",
  'od"d\\\n',
  "original_string",
  "threat.triage.rules.0.name",
  "threat.triage.rules.1.name",
  "threat.triage.rules.0.score",
];

const TEXTS = [
  ..."0|1|443|0443|+80|80.|65536|-3|1e3|0.50|70.0|12345678901234567890|9223372036854775807|inf|NaN|0x50".split(
    "|",
  ),
  ..."10.0.0.1|010.0.0.1|256.1.1.1|1.2.3|1.2.3.4.5|10.0.0.1.|2001:db8::1|2001:DB8:0::1|::ffff:10.0.0.1".split(
    "|",
  ),
  ..."fe80::1%eth 0|[::1]|00:11:22:AA:bb:cc|0011.22aa.bbcc|00-11-22-AA-BB-CC|10.0.0.0/8|2001:db8::/32".split(
    "|",
  ),
  ..."example.com|EXAMPLE.com.|ann@Example.com|HTTP://Example.com/A|/etc/Passwd|a b C|face|Dd|-|.|:|%|".split(
    "|",
  ),
  ...["D41D8CD98F00B204E9800998ECF8427E", "käse", "Größe 10", 'say "no"\\', "\u0000\b\t\n\f\r\u001f\u007f"],
  ...["true", "FALSE", "x".repeat(9000), `${"1".repeat(70)}.example`, "😀"],
];

const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: "grapheme", maxLength: 40 }));
const number = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    7,
    -3,
    9_999_999,
    10_000_000,
    2 ** 31,
    1e14,
    1.7e12,
    Number.MAX_SAFE_INTEGER,
    0.1,
    1e-7,
    1e300,
  ),
  fc.maxSafeInteger(),
  fc.integer(),
  fc.double(),
);
const value: fc.Arbitrary<FieldValue> = fc.oneof(
  { weight: 5, arbitrary: text },
  { weight: 2, arbitrary: number },
  { weight: 1, arbitrary: number.map((one) => new Double(one)) },
  { weight: 1, arbitrary: fc.float().map((one) => new Float(one)) },
  { weight: 1, arbitrary: fc.constantFrom<FieldValue>(true, false, null, 2n ** 63n, -(2n ** 60n)) },
  { weight: 1, arbitrary: fc.array(fc.oneof(text, number), { maxLength: 3 }) },
);
/** How a text stands in its column. */
const form = fc.constantFrom("string", "span", "word");
const row = fc.record(Object.fromEntries(FIELDS.map((name) => [name, fc.tuple(value, form)])), {
  requiredKeys: [],
});

describe("lines of a batch", () => {
  test("are the documents that its messages have one by one, in whatever form its cells are", () => {
    const encoder = new LinesEncoder(new Names("m"));
    const dictionaries = new Map<string, Dictionary>();
    const property = fc.property(fc.array(row, { maxLength: 6 }), (rows) => {
      const batch = batchOf(rows.map((cells) => plain(cells)));
      for (const [place, cells] of rows.entries())
        for (const [name, cell] of Object.entries(cells))
          if (cell !== undefined) restate(batch.column(name), place, cell[1], dictionaries);
      const seen: SeenFields = new Map();
      const expectedSeen: SeenFields = new Map();
      const lines = encoder.encode("s", batch, () => true, seen);
      expect(lines.count).toBe(rows.length);
      for (let at = 0; at < lines.count; at++) {
        const message = exactMessage(batch, at);
        const time = NOON + at;
        const expected = documentOf("s", message, time, undefined, expectedSeen);
        expect(actionOf(lines, at)).toEqual({ create: { _index: "m.s.2026-11-21", _id: `g${at}` } });
        expect(comparable(sourceOf({ lines, at }))).toEqual(comparable(expected));
      }
      const known = [...expectedSeen].filter(([, bits]) => bits !== 0);
      expect([...seen].sort()).toEqual(known.sort());
      encoder.reuse(lines);
    });
    fc.assert(property, { numRuns: runs(300), seed: 3 });
  });

  test("have words of a text only where the original does not show it, and what is no UTF-8 replaced", () => {
    const batch = batchOf([{ original_string: "user ann from x\\y", user: "ann", domain: "other" }]);
    const original = batch.column("original_string");
    const start = (original.spans[0] ?? 0) + 5;
    batch.column("user").setSpan(0, start, start + 3);
    const bad = batch.arena.append(Uint8Array.of(0x61, 0xff, 0x62));
    batch.column("broken").setSpan(0, bad, bad + 3);
    batch.column("half").setString(0, "\ud800x");
    const lines = new LinesEncoder(new Names("m")).encode("s", batch, () => true, new Map());
    expect(JSON.parse(sourceOf({ lines, at: 0 }))).toMatchObject({
      message: { user: "ann", broken: "a\ufffdb", half: "\ufffdx" },
      original: "user ann from x\\y",
      words: expect.not.arrayContaining(["ann"]),
      text: { user: "ann", domain: "other", broken: "a\ufffdb" },
    });
    expect(JSON.parse(sourceOf({ lines, at: 0 })).words.sort()).toEqual(["a\ufffdb", "other", "\ufffdx"]);
  });

  test("leave out the names of fields beyond the limit, whose values are found as words", () => {
    const batch = batchOf([{ known: "a", further: "b", port: 7 }]);
    const seen: SeenFields = new Map();
    const lines = new LinesEncoder(new Names("m")).encode("s", batch, (name) => name === "known", seen);
    const document = JSON.parse(sourceOf({ lines, at: 0 }));
    expect(document).toMatchObject({ message: { known: "a", further: "b", port: 7 }, words: ["a", "b"] });
    expect(document.text).toEqual({ known: "a" });
    expect(document.real).toBeUndefined();
    expect([...seen.keys()]).toEqual(["known"]);
  });

  test("keep their bytes while those of further batches are made", () => {
    const encoder = new LinesEncoder(new Names("m"));
    const many = (from: number) =>
      batchOf(
        Array.from({ length: 300 }, (_, n) => ({ n: from + n })),
        from,
      );
    const batches = [0, 1000, 2000].map((from) => encoder.encode("s", many(from), () => true, new Map()));
    for (const [place, lines] of batches.entries()) {
      expect(sizeOf(lines)).toBeGreaterThan(10_000);
      expect(JSON.parse(sourceOf({ lines, at: 299 })).message.n).toBe(place * 1000 + 299);
    }
  });

  test("are refused without a text guid", () => {
    const batch = new Batch();
    batch.load(blockOf(["-"], NOON), { topic: "t", partition: 0, offset: 0 });
    batch.addMessage(0, { guid: 7 });
    const encoder = new LinesEncoder(new Names("m"));
    expect(() => encoder.encode("s", batch, () => true, new Map())).toThrow("has no text guid");
  });
});

type Cells = Record<string, [FieldValue, string] | undefined>;

function plain(cells: Cells): Record<string, FieldValue> {
  return Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, cell?.[0] ?? null]));
}

/** Puts a text of a column into another form. */
function restate(column: Column, row: number, form: string, dictionaries: Map<string, Dictionary>): void {
  const value = column.text(row);
  if (value === null) return;
  if (form === "string") column.setString(row, value);
  else if (form === "span") {
    const start = column.arena.appendText(value);
    column.setSpan(row, start, column.arena.length);
  } else {
    const dictionary = dictionaries.get(column.name) ?? new Dictionary();
    dictionaries.set(column.name, dictionary);
    column.dictionary = dictionary;
    column.setWord(row, dictionary.code(value));
  }
}

/** The message of a row with the exact types of its values, in the order of its columns. */
function exactMessage(batch: Batch, row: number): Message {
  const message: Message = {};
  for (const [name, column] of batch.columns) {
    const value = column.value(row);
    if (column.touched && value !== undefined) message[name] = value;
  }
  return message;
}

function actionOf({ bytes, starts, sources }: Lines, at: number): unknown {
  return JSON.parse(Buffer.from(bytes).toString("utf8", starts[at], sources[at]));
}

/** A document as what it says: words and values are sets, and a text that the original has is found there. */
function comparable(json: string): unknown {
  const document = messageFromJson(json) as Record<string, unknown> & { words?: string[]; original?: string };
  const { words = [], original, ...others } = document;
  const sorted = (value: unknown): unknown => (Array.isArray(value) ? value.map(String).sort() : value);
  const objects = ["text", "raw", "whole", "real", "address"].map((name) => [
    name,
    Object.fromEntries(Object.entries(others[name] ?? {}).map(([part, value]) => [part, sorted(value)])),
  ]);
  const beyond = [...new Set(words)].filter((word) => original === undefined || !original.includes(word));
  return { ...others, ...Object.fromEntries(objects), original, words: beyond.sort() };
}
