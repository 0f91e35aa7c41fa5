import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { makeContext } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { messageToJson } from "../core/message.ts";
import { parsers } from "./index.ts";
import { type ParserDefinition, runParser } from "./parser.ts";

/**
 * Cases of vectors/parsers/<parser>.json: what a parser of the original makes of records, stated by its description.
 * `expect` holds the fields that matter of each message, `absent` those none may have, `rejected` how many parts of
 * the record are no message; `refused` is a part of the reason why the configuration is not taken.
 */
type Vector = {
  readonly why: string;
  readonly config?: object;
  readonly input: string;
  /** How the input becomes bytes. */
  readonly encoding?: BufferEncoding;
  readonly now?: string;
  readonly timeZone?: string;
  readonly expect?: readonly object[];
  readonly absent?: readonly string[];
  readonly rejected?: number;
  readonly refused?: string;
};

const folder = join(import.meta.dirname, "../../vectors/parsers");
const definitions: readonly ParserDefinition[] = parsers.list;

for (const file of globSync("*.json", { cwd: folder }).sort()) {
  const { cases } = JSON.parse(readFileSync(join(folder, file), "utf8")) as { cases: Vector[] };
  // `asa.devices.json` holds more cases of `asa`, of another origin.
  const [name = ""] = basename(file, ".json").split(".");
  describe(basename(file, ".json"), () => {
    test.each(cases)("$why", (vector) => {
      const definition = definitions.find((parser) => parser.name === name) as ParserDefinition;
      if (vector.refused === undefined) expectOutcome(definition, vector);
      else expect(refusalOf(definition, vector)).toContain(vector.refused);
    });
  });
}

function expectOutcome(definition: ParserDefinition, vector: Vector): void {
  const batch = run(definition, vector);
  const messages = Array.from({ length: batch.rows }, (_, row) => row)
    .filter((row) => batch.live[row] === 1)
    .map((row) => JSON.parse(messageToJson(batch.message(row))) as object);
  expect(messages).toMatchObject(vector.expect ?? []);
  expect(messages).toHaveLength(vector.expect?.length ?? 0);
  expect(batch.rejected).toHaveLength(vector.rejected ?? 0);
  for (const message of messages) {
    for (const field of vector.absent ?? []) expect(message).not.toHaveProperty([field]);
  }
}

function run(definition: ParserDefinition, vector: Vector): Batch {
  const { config = {}, input, encoding = "utf8", now, timeZone = "UTC" } = vector;
  const time = Date.parse(now ?? "2020-06-01T12:00:00Z");
  const context = makeContext({ clock: { now: () => time }, timeZone });
  const checked = definition.config.safeParse(config);
  if (!checked.success) throw new Fault("CONFIG_INVALID", checked.error.message);
  const parse = definition.open(checked.data, context);
  const batch = new Batch();
  batch.load(blockOf([Buffer.from(input, encoding)], time), { topic: "t", partition: 0, offset: 0 });
  runParser(parse, batch);
  return batch;
}

function refusalOf(definition: ParserDefinition, vector: Vector): string {
  try {
    run(definition, vector);
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
  return "taken";
}
