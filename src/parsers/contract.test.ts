import { isUtf8 } from "node:buffer";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { SPAN } from "../core/column.ts";
import { makeContext } from "../core/context.ts";
import { messageToJson } from "../core/message.ts";
import { runs } from "../core/testing/runs.ts";
import { MESSAGE } from "../schema/fields/message.ts";
import { readValue } from "../schema/read.ts";
import { isPattern, Schema, schema } from "../schema/schema.ts";
import { parsers } from "./index.ts";
import { METRON_CLASSES } from "./metron-classes.ts";
import { type Parse, type ParserDefinition, runParser } from "./parser.ts";

/**
 * What every parser obeys. Samples lie beside each parser as `<parser>[.<case>].log` with one record a line, its
 * configuration in `.config.json` where it needs one, and what we make of it in `.json`.
 */
const root = import.meta.dirname;
const NOW = Date.UTC(2024, 2, 14, 12);
const definitions = parsers.list;
const samples = globSync("*/samples/*.log", { cwd: root }).sort();

/** Fields whose names a sample made up, to show that what nobody has heard of is kept. */
const MADE_UP: Readonly<Record<string, readonly string[]>> = {
  bro: ["a", "big", "nested"],
  cef: ["Zone"],
  ise: ["b", "Empty", "Health"],
  keyValue: ["key", "key2", "note"],
  leef: ["Colour"],
};

function samplesOf(name: string): string[] {
  return samples.filter((file) => basename(file).split(".")[0] === name);
}

function open(definition: ParserDefinition, sample: string): Parse {
  const file = join(root, sample.replace(/\.log$/, ".config.json"));
  const config: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  return definition.open(definition.config.parse(config), makeContext({ clock: { now: () => NOW } }));
}

function run(parse: Parse, records: readonly (string | Uint8Array)[], batch = new Batch()): Batch {
  batch.load(blockOf(records, NOW), { topic: "t", partition: 0, offset: 0 });
  runParser(parse, batch);
  return batch;
}

function recordsOf(sample: string): string[] {
  return readFileSync(join(root, sample), "utf8").split(/(?<=\n)/);
}

/** Every field of the messages of some samples, with its values. */
function valuesOf(definition: ParserDefinition, files: readonly string[]): Map<string, unknown[]> {
  const values = new Map<string, unknown[]>();
  for (const sample of files) {
    const batch = run(open(definition, sample), recordsOf(sample));
    for (let row = 0; row < batch.rows; row++) {
      const message = JSON.parse(messageToJson(batch.message(row))) as Record<string, unknown>;
      for (const [name, value] of Object.entries(message))
        values.set(name, [...(values.get(name) ?? []), ...(Array.isArray(value) ? value : [value])]);
    }
  }
  return values;
}

/** Every record gave rows, a rejection or was dropped, and every span lies in the arena and is UTF-8. */
function expectAccounted(batch: Batch): void {
  const seen = new Set<number>(batch.rejected.map(({ record }) => record));
  for (let row = 0; row < batch.rows; row++) seen.add(batch.recordOf[row] as number);
  expect(seen.size + batch.dropped).toBe(batch.records);
  for (const column of batch.columns.values()) {
    for (let row = 0; row < batch.rows; row++) {
      if (column.kinds[row] !== SPAN) continue;
      expect(column.spans[2 * row] as number).toBeLessThanOrEqual(column.spans[2 * row + 1] as number);
      expect(column.spans[2 * row + 1] as number).toBeLessThanOrEqual(batch.arena.length);
      const span = batch.arena.bytes.subarray(column.spans[2 * row], column.spans[2 * row + 1]);
      if (!isUtf8(span)) expect.fail(`${column.name} is not UTF-8`);
    }
  }
}

test("the list is sorted and holds every parser there is", () => {
  const names = definitions.map(({ name }) => name);
  expect(names).toEqual([...names].sort());
  const stated = globSync("*/*.ts", { cwd: root })
    .map((file) => readFileSync(join(root, file), "utf8"))
    .flatMap((text) => [...text.matchAll(/defineParser\(\{\s*name: "([^"]+)"/g)].map((match) => match[1]));
  expect(stated.sort()).toEqual([...names].sort());
});

test("classes of the original name parsers that exist", () => {
  const names = new Set(definitions.map(({ name }) => name));
  expect(Object.values(METRON_CLASSES).filter((name) => !names.has(name))).toEqual([]);
});

test("every sample is some parser's", () => {
  const names = new Set(definitions.map(({ name }) => name));
  const strays = samples.filter((file) => !names.has(basename(file).split(".")[0] as never));
  expect(strays, "a sample is called after its parser: <parser>[.<case>].log").toEqual([]);
});

test("fields mean what the samples hold: of each some value can be read", () => {
  const values = new Map<string, unknown[]>();
  for (const definition of definitions) {
    for (const [name, found] of valuesOf(definition, samplesOf(definition.name))) {
      if (MADE_UP[definition.name]?.includes(name) || isOpen(definition)) continue;
      const told = found.filter((value) => value !== null && value !== "");
      values.set(name, [...(values.get(name) ?? []), ...told]);
    }
  }
  const odd = [...values].flatMap(([name, found]) => {
    const meaning = schema.find(name)?.meaning;
    const fits = meaning === undefined || found.some((value) => readValue(value, meaning) !== undefined);
    return fits || found.length === 0 ? [] : [`${name}: ${String(found[0])} is no ${meaning}`];
  });
  expect(odd).toEqual([]);
});

/** Whether users name the fields. */
function isOpen({ fields }: ParserDefinition): boolean {
  return fields.some(({ name }) => name === "*");
}

describe.each(definitions.map((definition) => [definition.name, definition] as const))(
  "%s",
  (name, definition) => {
    const own = samplesOf(name);

    test("states itself", () => {
      expect(definition.summary).toMatch(/^[A-Z][^\n]*[^.]\.$/);
      const schema = z.toJSONSchema(definition.config, { io: "input" }) as {
        properties?: Record<string, { description?: string }>;
      };
      const silent = Object.entries(schema.properties ?? {}).filter(
        ([, option]) => !option.description?.endsWith("."),
      );
      expect(silent.map(([option]) => option)).toEqual([]);
      expect(
        definition.fields.filter(({ about }) => !about.endsWith(".")).map((field) => field.name),
      ).toEqual([]);
    });

    test("declares every field of its samples", () => {
      const known = new Schema([...MESSAGE, ...definition.fields]);
      const names = [...valuesOf(definition, own).keys()];
      const undeclared = names.filter(
        (field) => known.find(field) === undefined && !MADE_UP[name]?.includes(field),
      );
      const cure = `Name each in \`fields\` of the parser, and declare in src/schema/fields what is not there yet. A name that the sample made up goes into MADE_UP of this test.`;
      expect(undeclared, cure).toEqual([]);
    });

    test("means by a field what the schema means", () => {
      const other = definition.fields.filter((field) => {
        const common = schema.find(field.name);
        return common !== undefined && !isPattern(field) && common.meaning !== field.meaning;
      });
      expect(other.map((field) => field.name)).toEqual([]);
    });

    test("accepts and rejects some sample", () => {
      const batches = own.map((sample) => run(open(definition, sample), recordsOf(sample)));
      const place = `samples/${name}.log, or a file whose name begins with \`${name}.\``;
      expect(
        batches.some((batch) => batch.liveCount() > 0),
        `no record of its samples becomes a message; put real records into ${place}`,
      ).toBe(true);
      expect(
        batches.some((batch) => batch.rejected.length > 0),
        `no record of its samples is rejected; put a wrong one into ${place}`,
      ).toBe(true);
    });

    test.each(own)("reads %s as recorded", async (sample) => {
      const batch = run(open(definition, sample), recordsOf(sample));
      expectAccounted(batch);
      const lines: string[] = [];
      for (let record = 0; record < batch.records; record++) {
        for (let row = 0; row < batch.rows; row++) {
          if (batch.recordOf[row] === record && batch.live[row] === 1)
            lines.push(messageToJson(batch.message(row)));
        }
        for (const { rejection } of batch.rejected.filter((rejected) => rejected.record === record)) {
          lines.push(JSON.stringify({ rejected: rejection.reason, raw: rejection.raw }));
        }
      }
      await expect(`[\n${lines.join(",\n")}\n]\n`).toMatchFileSnapshot(
        join(root, sample.replace(/\.log$/, ".json")),
      );
    });

    test("gives the same when batches follow each other", () => {
      for (const sample of own) {
        const parse = open(definition, sample);
        const batch = run(parse, recordsOf(sample));
        const first = Array.from({ length: batch.rows }, (_value, row) => messageToJson(batch.message(row)));
        run(parse, recordsOf(sample), batch);
        expect(
          Array.from({ length: batch.rows }, (_value, row) => messageToJson(batch.message(row))),
        ).toEqual(first);
      }
    });

    test("survives arbitrary bytes", () => {
      for (const sample of own) {
        const parse = open(definition, sample);
        const batch = new Batch();
        const seeds = recordsOf(sample);
        const bytes = fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.string({ unit: "binary", maxLength: 200 }).map((text) => new TextEncoder().encode(text)),
          // A good record with one part replaced gets further than noise.
          fc
            .tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat(12), fc.uint8Array({ maxLength: 8 }))
            .map(([seed, at, cut, noise]) => damage(seed, at, cut, noise)),
        );
        fc.assert(
          fc.property(fc.array(bytes, { maxLength: 5 }), (records) => {
            run(parse, records, batch);
            expect(batch.rejected.filter(({ rejection }) => rejection.reason.includes("crashed"))).toEqual(
              [],
            );
            expectAccounted(batch);
          }),
          { numRuns: runs(60) },
        );
      }
    });

    test("takes prototype keys as keys and extreme records as records", () => {
      for (const sample of own) {
        const parse = open(definition, sample);
        const records = [
          '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
          '{"conn":{"ts":1,"__proto__":{"polluted":true}}}',
          "",
          "\0\0\0",
          Uint8Array.of(0xff, 0xfe, 0xc3, 0x28),
          '{"a":'.repeat(100_000),
          "[".repeat(100_000),
          `{"a":"${"x".repeat(sample === own[0] ? 20_000_000 : 1_000_000)}"}`,
        ];
        const batch = run(parse, records);
        expectAccounted(batch);
        expect(batch.rejected.filter(({ rejection }) => rejection.reason.includes("crashed"))).toEqual([]);
        expect((Object.prototype as Record<string, unknown>).polluted).toBeUndefined();
      }
    });
  },
);

function damage(seed: string, at: number, cut: number, noise: Uint8Array): Uint8Array {
  const bytes = new TextEncoder().encode(seed);
  const place = at % (bytes.length + 1);
  return Uint8Array.from([...bytes.subarray(0, place), ...noise, ...bytes.subarray(place + cut)]);
}
