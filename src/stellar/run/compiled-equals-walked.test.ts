import fc from "fast-check";
import { expect, test } from "vitest";
import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import { Column } from "../../core/column.ts";
import { Dictionary } from "../../core/dictionary.ts";
import type { FieldValue } from "../../core/message.ts";
import { runs } from "../../core/testing/runs.ts";
import { StellarError } from "../language/error.ts";
import { expression, type Message, message } from "../testing/random-expressions.ts";
import { fromMessage, StellarMap, toMessage, toText, typeName, type Value } from "../values/value.ts";
import { bind, FAILED, NOTHING, YES } from "./bind.ts";
import { compile, type Program } from "./compile.ts";
import { type Layer, layered, makeEnvironment } from "./environment.ts";
import type { Variables } from "./variables.ts";

const RUNS = runs(800);
const lenient = makeEnvironment();
const strict = makeEnvironment({ missing: "error" });

test("compiled code gives what the walker gives, in value, type and error", () => {
  fc.assert(
    fc.property(expression, message, fc.boolean(), (text, fields, isStrict) => {
      const program = parsed(text, isStrict ? strict : lenient);
      if (program === undefined) return;
      expect(outcome(() => program.evaluate(layered(fields)))).toBe(
        outcome(() => program.walk(layered(fields))),
      );
    }),
    { numRuns: RUNS },
  );
});

test("columns give what the walker gives, for every row and with configuration beneath", () => {
  fc.assert(
    fc.property(
      expression,
      fc.array(message, { minLength: 1, maxLength: 6 }),
      message,
      (text, messages, config) => {
        const program = parsed(text, lenient);
        if (program === undefined) return;
        const batch = batchOf(messages);
        for (const layers of [[], [config]]) compareRows(program, batch, messages, layers);
      },
    ),
    { numRuns: RUNS },
  );
});

/** A message is walked as its batch holds it: the batch says what a field's kind is. */
function compareRows(
  program: Program,
  batch: Batch,
  messages: readonly Message[],
  layers: readonly Layer[],
): void {
  const bound = bind(program, batch, layers);
  const out = new Uint8Array(batch.rows);
  bound.select(out);
  const refused = new Map(bound.failures);
  const filled = new Column("filled", batch.arena, batch.capacity);
  bound.fill(filled);
  for (let row = 0; row < messages.length; row++) {
    const variables = rowVariables(batch, row, layers);
    const walked = outcome(() => program.walk(variables, true));
    expect(
      outcome(() => bound.test(row)),
      program.text,
    ).toBe(walked);
    expect(selected(out[row] as number, refused.get(row)), program.text).toBe(walked);
    const kept = bound.failures.get(row) ?? filled.value(row) ?? null;
    const wanted = outcome(() => keep(program.walk(rowVariables(batch, row, layers)), batch));
    expect(
      outcome(() => (kept instanceof StellarError ? fail(kept) : fromMessage(kept))),
      program.text,
    ).toBe(wanted);
    expect(
      outcome(() => bound.value(row)),
      program.text,
    ).toBe(outcome(() => program.walk(variables)));
  }
}

/** What a column keeps of a value. */
function keep(value: Value, batch: Batch): Value {
  const cell = new Column("kept", batch.arena, 1);
  if (value !== null) cell.set(0, toMessage(value) as FieldValue);
  return fromMessage(cell.value(0));
}

function selected(code: number, failure: StellarError | undefined): string {
  if (code === FAILED) return outcome(() => fail(failure));
  return outcome(() => (code === NOTHING ? null : code === YES));
}

function fail(failure: StellarError | undefined): never {
  throw failure ?? new Error("a row failed without an error");
}

function rowVariables(batch: Batch, row: number, layers: readonly Layer[]): Variables {
  const beneath = layered(...layers);
  return {
    get(name) {
      const value = batch.columns.get(name)?.value(row);
      if (value !== undefined && value !== null) return fromMessage(value);
      return beneath.get(name) ?? (value === null ? null : undefined);
    },
    all: () => {
      const all = beneath.all();
      for (const [name, column] of batch.columns) {
        const value = column.value(row) ?? null;
        if (value !== null) all.set(name, fromMessage(value));
      }
      return new StellarMap(all);
    },
  };
}

/** Texts go in as spans, words and strings in turn, so that each form is met. */
function batchOf(messages: readonly Message[]): Batch {
  const batch = new Batch();
  batch.load(blockOf(["record"], 0), { topic: "test", partition: 0, offset: 0 });
  for (const fields of messages) {
    const row = batch.addRow(0);
    for (const [name, value] of Object.entries(fields)) setCell(batch, batch.column(name), row, value);
  }
  return batch;
}

function setCell(batch: Batch, column: Column, row: number, value: FieldValue): void {
  if (typeof value !== "string" || row % 3 === 2) {
    column.set(row, value);
  } else if (row % 3 === 0) {
    const start = batch.arena.appendText(value);
    column.setSpan(row, start, batch.arena.length);
  } else {
    column.dictionary ??= new Dictionary();
    column.setWord(row, column.dictionary.code(value));
  }
}

function parsed(text: string, environment: typeof lenient): Program | undefined {
  try {
    return compile(text, environment);
  } catch (error) {
    if (error instanceof StellarError) return undefined;
    throw error;
  }
}

function outcome(run: () => Value): string {
  try {
    return show(run());
  } catch (error) {
    if (error instanceof StellarError) return `error ${error.message}`;
    throw error;
  }
}

function show(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (value instanceof StellarMap)
    return `{${[...value].map(([k, v]) => `${show(k)}=${show(v)}`).join(", ")}}`;
  return `${typeName(value)} ${toText(value)}`;
}
