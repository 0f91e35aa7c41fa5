import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  assertAccounted,
  openParser,
  parseAll,
  parserContract,
  type RecordSample,
  valuesOf,
} from "../config/testing/parser-contract.ts";
import { messageToJson } from "../core/message.ts";
import { readValue } from "../schema/read.ts";
import { schema } from "../schema/schema.ts";
import { parsers } from "./index.ts";
import { METRON_CLASSES } from "./metron-classes.ts";
import type { ParserDefinition } from "./parser.ts";

/**
 * What every parser obeys. Samples are beside each parser as `<parser>[.<case>].log` with one record per line, its
 * configuration in `.config.json` where it needs one, and what we make of it in `.json`.
 */
const root = import.meta.dirname;
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

function sampleOf(file: string): RecordSample {
  const config = join(root, file.replace(/\.log$/, ".config.json"));
  return {
    options: existsSync(config) ? JSON.parse(readFileSync(config, "utf8")) : {},
    records: readFileSync(join(root, file), "utf8").split(/(?<=\n)/),
  };
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
    for (const [name, found] of valuesOf(definition, samplesOf(definition.name).map(sampleOf))) {
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

    for (const clause of parserContract(definition, own.map(sampleOf), MADE_UP[name]))
      test(clause.name, clause.holds);

    test.each(own)("reads %s as recorded", async (sample) => {
      const given = sampleOf(sample);
      const batch = parseAll(openParser(definition, given), given.records);
      assertAccounted(batch);
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
  },
);
