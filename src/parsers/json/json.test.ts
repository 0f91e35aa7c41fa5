import fc from "fast-check";
import { expect, test } from "vitest";
import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import { DOUBLE, INT, LONG, VALUE } from "../../core/column.ts";
import { runs } from "../../core/testing/runs.ts";
import { RecordScanner } from "./record-scanner.ts";
import { isWellFormed } from "./utf8.ts";

/** Reads records with a scanner that keeps maps, as a program that knows nothing of columns would see them. */
function scan(records: readonly (string | Uint8Array)[], batch = new Batch(), scanner = keeping(batch)) {
  batch.load(blockOf(records, 0), { topic: "t", partition: 0, offset: 0 });
  scanner.open();
  for (let record = 0; record < batch.records; record++) {
    const [start, end] = [batch.recordStarts[record] as number, batch.recordEnds[record] as number];
    if (scanner.scan(start, end, batch.rows)) batch.addRow(record);
  }
  return batch;
}

function keeping(batch: Batch): RecordScanner {
  return new RecordScanner(batch, { slots: 0, place: (path) => ({ field: path.join("/"), nested: "keep" }) });
}

/** A value without what JSON text cannot tell apart or messages tell finer than JavaScript. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, item: unknown) =>
      typeof item === "bigint" ? Number(item) : Object.is(item, -0) ? 0 : item,
    ),
  );
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const map = fc.dictionary(fc.string({ maxLength: 12 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 12 });

test("reads what JSON.parse reads, whatever the blanks", () => {
  const batch = new Batch();
  const scanner = keeping(batch);
  fc.assert(
    fc.property(fc.array(fc.tuple(map, fc.constantFrom(undefined, 1, "\t")), { maxLength: 4 }), (list) => {
      const texts = list.map(([value, indent]) => JSON.stringify(value, null, indent));
      scan(texts, batch, scanner);
      expect(batch.rows).toBe(texts.length);
      for (const [row, text] of texts.entries())
        expect(plain(batch.message(row))).toEqual(plain(parsed(text)));
    }),
    { numRuns: runs(400) },
  );
});

test("accepts a damaged map exactly when JSON.parse does, and leaves no cell behind when it does not", () => {
  const batch = new Batch();
  const scanner = keeping(batch);
  const noise = fc.string({
    unit: fc.constantFrom(...'{}[]",:0123456789.eE+-\\u tfn\n\x01é😀'),
    maxLength: 3,
  });
  fc.assert(
    fc.property(map, fc.nat(), fc.nat(4), noise, (value, at, cut, insert) => {
      const text = JSON.stringify(value);
      const place = at % (text.length + 1);
      const damaged = (text.slice(0, place) + insert + text.slice(place + cut)).toWellFormed();
      // The framing takes a line feed at the end, and `toWellFormed` stands for what UTF-8 does to lone surrogates.
      const expected = parsed(damaged);
      scan([damaged, '{"after":1}'], batch, scanner);
      const messages = Array.from({ length: batch.rows }, (_value, row) => plain(batch.message(row)));
      expect(messages).toEqual([...(expected === undefined ? [] : [plain(expected)]), { after: 1 }]);
    }),
    { numRuns: runs(1500) },
  );
});

test.each([
  ["0", INT, 0],
  ["-0", INT, 0],
  ["2147483647", INT, 2147483647],
  ["-2147483648", INT, -2147483648],
  ["2147483648", LONG, 2147483648],
  ["9007199254740991", LONG, 9007199254740991],
  ["1.0", DOUBLE, 1],
  ["-1.5e-3", DOUBLE, -0.0015],
  ["1e3", DOUBLE, 1000],
  ["0.1", DOUBLE, 0.1],
  ["1710408413.501233", DOUBLE, 1710408413.501233],
  ["10.761076927185059", DOUBLE, 10.761076927185059],
  ["0.001528024673461914", DOUBLE, 0.001528024673461914],
  ["123456789012345678.25", DOUBLE, 123456789012345680],
  ["1e999", DOUBLE, Number.POSITIVE_INFINITY],
])("reads %s as a number of its kind", (text, kind, value) => {
  const column = scan([`{"n":${text}}`]).column("n");
  expect([column.kinds[0], column.number(0)]).toEqual([kind, value]);
});

test.each(["9007199254740993", "-9223372036854775809", "123456789012345678901234567890"])(
  "keeps %s to the last digit",
  (text) => {
    const column = scan([`{"n":${text}}`]).column("n");
    expect([column.kinds[0], column.value(0)]).toEqual([VALUE, BigInt(text)]);
  },
);

test("every double comes back as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.nat(17), (value, digits) => {
      for (const text of [
        JSON.stringify(value),
        value.toExponential(digits),
        value.toPrecision(digits + 1),
      ]) {
        const read = scan([`{"n":${text}}`]).message(0).n;
        expect(Number(read)).toBe(Object.is(Number(text), -0) ? read : Number(text));
      }
    }),
  );
});

test.each([
  ["[".repeat(99) + "]".repeat(99), true],
  ["[".repeat(200) + "]".repeat(200), false],
  [`"${"x".repeat(100_000)}"`, true],
  ["1".repeat(5000), false],
])("bounds depth and digits (case %#)", (value, accepted) => {
  expect(scan([`{"n":${value}}`]).rows).toBe(accepted ? 1 : 0);
});

test("malformed UTF-8 in a text is replaced", () => {
  const bytes = Uint8Array.from(
    [...'{"n":"'].map((char) => char.charCodeAt(0)).concat([0xc3, 0x28, 0xff], [34, 125]),
  );
  expect(scan([bytes]).message(0).n).toBe("\ufffd(\ufffd");
});

test("knows well-formed UTF-8 as the platform does", () => {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const byte = fc.constantFrom(
    0x41,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc0,
    0xc2,
    0xdf,
    0xe0,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0xf5,
    0xff,
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 6 }), (list) => {
      const bytes = Uint8Array.from(list);
      let expected = true;
      try {
        strict.decode(bytes);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        expected = false;
      }
      expect(isWellFormed(bytes, 0, bytes.length)).toBe(expected);
    }),
    { numRuns: runs(2000) },
  );
});

test("ten thousand distinct keys lose nothing and bound the columns", () => {
  let batch = new Batch();
  let scanner = keeping(batch);
  for (let round = 0; round < 10; round++) {
    // As the loop does with a batch that has met too many fields.
    if (batch.isCrowded || batch.columns.size > 4096) {
      batch = new Batch();
      scanner = keeping(batch);
    }
    const entries = Array.from({ length: 1000 }, (_value, index) => [`key${round * 1000 + index}`, index]);
    scan([JSON.stringify(Object.fromEntries(entries))], batch, scanner);
    const message = batch.message(0);
    const rest = (message.more_fields ?? {}) as Record<string, unknown>;
    for (const [key, value] of entries) expect(message[key as string] ?? rest[key as string]).toBe(value);
  }
  expect(batch.columns.size).toBeLessThan(8300);
});
