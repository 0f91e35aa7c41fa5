// The loop below runs for every cell of every message: typed arrays are indexed within bounds known beforehand, hence `as number`.
import type { Batch } from "../../../core/batch.ts";
import {
  ABSENT,
  type Column,
  DOUBLE,
  FALSE,
  INT,
  LONG,
  NULL,
  SPAN,
  STRING,
  TRUE,
  VALUE,
} from "../../../core/column.ts";
import { type FieldValue, type Message, messageToJson } from "../../../core/message.ts";
import { Double, Float } from "../../../core/number.ts";
import type { ColumnType } from "../blocks/column-type.ts";
import type { History } from "../contract.ts";
import { mainObject } from "./mapping.ts";
import type { Names } from "./names.ts";
import { type FieldPlan, planOf, quoted, SearchedValues } from "./values.ts";

/** JavaScript's own limit of a date: beyond it a time is no time. */
const MOST_TIME = 8.64e15;
/** Plans remembered. Telemetry can make up names without end. */
const MOST_PLANS = 20_000;

/** A document to be stored. */
export type Written = {
  readonly index: string;
  readonly id: string;
  /** The document as JSON. */
  readonly source: string;
  /** The record it was made of, by its place in the batch. */
  readonly record: number;
};

/** The types that fields were seen with, as a bit per type of `SEEN_TYPES`. */
export type SeenFields = Map<string, number>;

/** Types of values, by their bits. */
const SEEN_TYPES = ["text", "long", "double", "boolean", "json"] as const satisfies readonly ColumnType[];
const [TEXT, WHOLE, REAL, TRUTH, JSON_VALUE] = [1, 2, 4, 8, 16] as const;

/** Makes documents of messages. */
export class DocumentEncoder {
  readonly #names: Names;
  readonly #values = new SearchedValues();
  readonly #plans = new Map<string, FieldPlan>();

  constructor(names: Names) {
    this.#names = names;
  }

  /**
   * Documents of the live rows of a batch.
   * @param isNamed whether a field of the sensor is found by its name; one beyond the limit is not.
   * @param seen takes up the types of the fields.
   */
  encode(sensor: string, batch: Batch, isNamed: (field: string) => boolean, seen: SeenFields): Written[] {
    const guids = batch.columns.get("guid");
    const times = batch.columns.get("timestamp");
    const original = batch.columns.get("original_string");
    const columns = [...batch.columns.values()]
      .filter((column) => column.touched)
      .map((column) => ({ column, plan: this.#plan(column.name), isNamed: isNamed(column.name), seen: 0 }));
    const written: Written[] = [];
    for (let row = 0; row < batch.rows; row++) {
      if (batch.live[row] === 0) continue;
      const guid = guids?.text(row) ?? null;
      if (guid === null) throw new Error(`writing ${sensor} to the index: a message has no text guid`);
      const time = timeOf(times, row, batch.arrival);
      const isSpan = original?.kinds[row] === SPAN;
      const from = isSpan ? (original.spans[2 * row] as number) : 0;
      const to = isSpan ? (original.spans[2 * row + 1] as number) : -1;
      this.#values.begin();
      let message = "";
      for (const entry of columns) {
        const { column, plan } = entry;
        const kind = column.kinds[row] as number;
        if (kind === ABSENT) continue;
        const isInside =
          kind === SPAN &&
          (column.spans[2 * row] as number) >= from &&
          (column.spans[2 * row + 1] as number) <= to;
        const cell = this.#cell(column, row, kind, entry.isNamed, plan, isInside);
        message += `${message === "" ? "" : ","}${plan.name}${cell}`;
        entry.seen |= bitOf(kind, column, row);
      }
      const text = original?.text(row);
      written.push({
        index: this.#names.index(sensor, time, batch.arrival),
        id: guid,
        source: this.#source(sensor, guid, time, message, text ?? undefined, ""),
        record: batch.recordOf[row] as number,
      });
    }
    for (const { column, isNamed, seen: bits } of columns)
      if (isNamed && bits !== 0) seen.set(column.name, (seen.get(column.name) ?? 0) | bits);
    return written;
  }

  /** The document of a message that is known as a whole, as after a change. */
  encodeMessage(
    sensor: string,
    message: Message,
    time: number,
    history: History | undefined,
    isNamed: (field: string) => boolean,
    seen: SeenFields,
  ): string {
    this.#values.begin();
    const { guid, original_string: original } = message;
    const isText = typeof original === "string";
    for (const [field, value] of Object.entries(message)) {
      const plan = this.#plan(field);
      seen.set(field, (seen.get(field) ?? 0) | bitOfValue(value));
      if (plan.kind === "guid" || (plan.kind === "original" && isText)) continue;
      this.#values.open(isNamed(field));
      if (typeof value === "string") this.#values.text(plan, value, isText && original.includes(value));
      else this.#values.any(plan, value);
      this.#values.close(plan);
    }
    const kept = history === undefined ? "" : `,"history":${messageToJson(history)}`;
    const json = messageToJson(message).slice(1, -1);
    return this.#source(sensor, String(guid), time, json, isText ? original : undefined, kept);
  }

  #source(
    sensor: string,
    guid: string,
    time: number,
    message: string,
    original: string | undefined,
    more: string,
  ): string {
    const originally = original === undefined ? "" : `,"original":${quoted(original)}`;
    return `{"guid":${quoted(guid)},"sensor":${quoted(sensor)},"time":${time},"message":{${message}}${originally}${this.#values.end()}${more}}`;
  }

  /** Takes up what is searched of a cell, and returns its JSON. */
  #cell(
    column: Column,
    row: number,
    kind: number,
    isNamed: boolean,
    plan: FieldPlan,
    isInside: boolean,
  ): string {
    if (kind === NULL) return "null";
    const values = this.#values;
    if (kind === VALUE) {
      const value = column.objects[row] as FieldValue;
      values.open(isNamed);
      values.any(plan, value);
      values.close(plan);
      return messageToJson(value);
    }
    if (kind >= SPAN) {
      const text = column.text(row) as string;
      if (plan.kind !== "guid" && plan.kind !== "original") {
        values.open(isNamed);
        values.text(plan, text, isInside);
        values.close(plan);
      }
      return quoted(text);
    }
    values.open(isNamed);
    let json: string;
    if (kind === TRUE || kind === FALSE) {
      values.truth(kind === TRUE);
      json = kind === TRUE ? "true" : "false";
    } else {
      const number = column.numbers[row] as number;
      values.number(plan, number);
      json = Number.isFinite(number) ? String(number) : `"${number}"`;
    }
    values.close(plan);
    return json;
  }

  #plan(field: string): FieldPlan {
    let plan = this.#plans.get(field);
    if (plan === undefined) {
      plan = planOf(field);
      if (this.#plans.size >= MOST_PLANS) this.#plans.clear();
      this.#plans.set(field, plan);
    }
    return plan;
  }
}

/** The type that all sensors store a declared field as, else that of the values seen; `isOdd` when there are others too. */
export function typeOfSeen(field: string, bits: number): { type: ColumnType | undefined; isOdd: boolean } {
  const main = mainObject(planOf(field).kind);
  const numbers = bits & (WHOLE | REAL);
  const others = bits & ~(WHOLE | REAL);
  if (main === "whole" || main === "real")
    return { type: main === "whole" ? "long" : "double", isOdd: others !== 0 };
  if (bits === 0) return { type: undefined, isOdd: false };
  if (numbers !== 0 && others === 0) return { type: numbers === WHOLE ? "long" : "double", isOdd: false };
  const place = SEEN_TYPES.findIndex((_, bit) => (bits & (1 << bit)) !== 0);
  return { type: SEEN_TYPES[place], isOdd: (bits & (bits - 1)) !== 0 };
}

function timeOf(column: Column | undefined, row: number, arrival: number): number {
  const kind = column?.kinds[row] ?? ABSENT;
  if (column === undefined || kind < INT || kind > DOUBLE) return arrival;
  const value = column.numbers[row] as number;
  return value >= -MOST_TIME && value <= MOST_TIME ? Math.floor(value) : arrival;
}

function bitOf(kind: number, column: Column, row: number): number {
  if (kind === NULL) return 0;
  if (kind === VALUE) return bitOfValue(column.objects[row] as FieldValue);
  if (kind >= SPAN && kind <= STRING) return TEXT;
  if (kind === INT || kind === LONG) return WHOLE;
  return kind === TRUE || kind === FALSE ? TRUTH : REAL;
}

function bitOfValue(value: FieldValue): number {
  switch (typeof value) {
    case "string":
      return TEXT;
    case "number":
      return Number.isSafeInteger(value) ? WHOLE : REAL;
    case "bigint":
      return WHOLE;
    case "boolean":
      return TRUTH;
    default:
      if (value instanceof Double || value instanceof Float) return REAL;
      return value === null ? 0 : JSON_VALUE;
  }
}
