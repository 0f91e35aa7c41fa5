import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import { SPAN } from "../../core/column.ts";
import { checkOptions } from "../../core/component.ts";
import { makeContext } from "../../core/context.ts";
import { messageToJson } from "../../core/message.ts";
import { runs } from "../../core/testing/runs.ts";
import { type Parse, type ParserDefinition, runParser } from "../../parsers/parser.ts";
import { MESSAGE } from "../../schema/fields/message.ts";
import { isPattern, Schema, schema } from "../../schema/schema.ts";
import { type Clause, statedContract } from "./clause.ts";

/** Records for a parser, and the options that read them. */
export type RecordSample = {
  readonly options: unknown;
  readonly records: readonly (string | Uint8Array)[];
};

/** When the records of samples arrive. */
const NOW = Date.UTC(2024, 2, 14, 12);

/** A parser as it reads a sample. */
export function openParser(definition: ParserDefinition, { options }: RecordSample): Parse {
  return definition.open(checkOptions(definition, options), makeContext({ clock: { now: () => NOW } }));
}

/** What a parser makes of records. */
export function parseAll(parse: Parse, records: RecordSample["records"], batch = new Batch()): Batch {
  batch.load(blockOf(records, NOW), { topic: "t", partition: 0, offset: 0 });
  runParser(parse, batch);
  return batch;
}

/** Every field of the messages of some samples, with its values; those of lists one by one. */
export function valuesOf(
  definition: ParserDefinition,
  samples: readonly RecordSample[],
): Map<string, unknown[]> {
  const values = new Map<string, unknown[]>();
  for (const sample of samples) {
    const batch = parseAll(openParser(definition, sample), sample.records);
    for (const message of messagesOf(batch)) {
      for (const [name, value] of Object.entries(JSON.parse(message) as Record<string, unknown>))
        values.set(name, [...(values.get(name) ?? []), ...(Array.isArray(value) ? value : [value])]);
    }
  }
  return values;
}

/**
 * What every parser promises.
 * @param samples records that it reads and some that it rejects
 * @param madeUp fields whose names a sample made up
 */
export function parserContract(
  definition: ParserDefinition,
  samples: readonly RecordSample[],
  madeUp: readonly string[] = [],
): Clause[] {
  const forEach = (holds: (parse: Parse, sample: RecordSample, index: number) => void) => () => {
    for (const [index, sample] of samples.entries()) holds(openParser(definition, sample), sample, index);
  };
  return [
    ...statedContract(definition),
    {
      name: "says what its fields are",
      holds: () =>
        assert.deepEqual(
          definition.fields.filter(({ about }) => !about.endsWith(".")).map(({ name }) => name),
          [],
        ),
    },
    {
      name: "declares every field of its samples",
      holds: () => {
        const known = new Schema([...MESSAGE, ...definition.fields]);
        const names = [...valuesOf(definition, samples).keys()].filter((name) => !madeUp.includes(name));
        const undeclared = names.filter((name) => known.find(name) === undefined);
        assert.deepEqual(undeclared, [], `name in \`fields\` of the parser: ${undeclared.join(", ")}`);
      },
    },
    {
      name: "means by a field what the schema means",
      holds: () => {
        const other = definition.fields.filter((field) => {
          const common = schema.find(field.name);
          return common !== undefined && !isPattern(field) && common.meaning !== field.meaning;
        });
        assert.deepEqual(
          other.map(({ name }) => name),
          [],
        );
      },
    },
    {
      name: "accepts some record and rejects some",
      holds: () => {
        const batches = samples.map((sample) => parseAll(openParser(definition, sample), sample.records));
        assert.ok(
          batches.some((batch) => batch.liveCount() > 0),
          "no record of its samples becomes a message",
        );
        assert.ok(
          batches.some((batch) => batch.rejected.length > 0),
          "no record of its samples is rejected",
        );
      },
    },
    {
      name: "gives the same when batches follow each other",
      holds: forEach((parse, { records }) => {
        const batch = parseAll(parse, records);
        const first = messagesOf(batch);
        assert.deepEqual(messagesOf(parseAll(parse, records, batch)), first);
      }),
    },
    {
      name: "survives arbitrary bytes",
      holds: forEach((parse, { records }) => {
        const batch = new Batch();
        fc.assert(
          fc.property(fc.array(anyRecord(records), { maxLength: 5 }), (given) => {
            assertAccounted(parseAll(parse, given, batch));
            assertNoCrash(batch);
          }),
          { numRuns: runs(60) },
        );
      }),
    },
    {
      name: "takes prototype keys as keys and extreme records as records",
      holds: forEach((parse, _sample, index) => {
        const batch = parseAll(parse, extremeRecords(index === 0 ? 20_000_000 : 1_000_000));
        assertAccounted(batch);
        assertNoCrash(batch);
        assert.equal((Object.prototype as Record<string, unknown>).polluted, undefined);
      }),
    },
  ];
}

/** Every record gave rows, a rejection or was dropped, and every span is in the arena and is UTF-8. */
export function assertAccounted(batch: Batch): void {
  const seen = new Set<number>(batch.rejected.map(({ record }) => record));
  for (let row = 0; row < batch.rows; row++) seen.add(batch.recordOf[row] as number);
  assert.equal(seen.size + batch.dropped, batch.records);
  for (const column of batch.columns.values()) {
    for (let row = 0; row < batch.rows; row++) {
      if (column.kinds[row] !== SPAN) continue;
      const [start = 0, end = 0] = column.spans.subarray(2 * row, 2 * row + 2);
      if (start > end || end > batch.arena.length)
        assert.fail(`a span of ${column.name} is no part of the text`);
      if (!isUtf8(batch.arena.bytes.subarray(start, end))) assert.fail(`${column.name} is not UTF-8`);
    }
  }
}

function assertNoCrash(batch: Batch): void {
  const crashes = batch.rejected.filter(({ rejection }) => rejection.reason.includes("crashed"));
  assert.deepEqual(
    crashes.map(({ rejection }) => rejection.reason),
    [],
  );
}

function messagesOf(batch: Batch): string[] {
  return Array.from({ length: batch.rows }, (_value, row) => messageToJson(batch.message(row)));
}

/** Noise, and good records with one part replaced, which get further. */
function anyRecord(good: RecordSample["records"]): fc.Arbitrary<Uint8Array> {
  const seeds = good.map((record) =>
    typeof record === "string" ? new TextEncoder().encode(record) : record,
  );
  return fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: "binary", maxLength: 200 }).map((text) => new TextEncoder().encode(text)),
    fc
      .tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat(12), fc.uint8Array({ maxLength: 8 }))
      .map(([seed, at, cut, noise]) => {
        const place = at % (seed.length + 1);
        return Uint8Array.from([...seed.subarray(0, place), ...noise, ...seed.subarray(place + cut)]);
      }),
  );
}

function extremeRecords(longest: number): (string | Uint8Array)[] {
  return [
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    '{"conn":{"ts":1,"__proto__":{"polluted":true}}}',
    "",
    "\0\0\0",
    Uint8Array.of(0xff, 0xfe, 0xc3, 0x28),
    '{"a":'.repeat(100_000),
    "[".repeat(100_000),
    `{"a":"${"x".repeat(longest)}"}`,
  ];
}
