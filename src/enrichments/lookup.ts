import type { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { type Column, DOUBLE, FALSE, FLOAT, INT, LONG, NULL, TRUE, VALUE, WORD } from "../core/column.ts";
import { Dictionary } from "../core/dictionary.ts";
import type { FieldValue, Message } from "../core/message.ts";
import { Double, Float, isInt } from "../core/number.ts";
import { decodeText } from "../core/text.ts";
import { CellBytes, presentColumn } from "../stellar/run/cells.ts";
import { BytesMap } from "./bytes-map.ts";
import type { BytesTest, Enrich, EnrichmentContext, EnrichmentDefinition, Lookup } from "./enrichment.ts";

const CACHE_SIZE = 1 << 16;

/** Opens an enrichment and returns the one form the pipeline calls. */
export function openEnrichment<Config extends z.ZodType>(
  definition: EnrichmentDefinition<string, Config>,
  config: z.output<Config>,
  context: EnrichmentContext,
): Enrich {
  const opened = definition.open(config, context);
  return "enrich" in opened ? opened : new LookupEnricher(opened);
}

/** Runs an ordinary enrichment over columns: each distinct value of a field is looked up once and its answer kept as cells. */
export class LookupEnricher implements Enrich {
  readonly #lookup: Lookup;
  readonly #fields = new Map<string, FieldAnswers>();

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  enrich(batch: Batch, fields: readonly string[], prefix: string): void {
    for (const field of fields) {
      const column = presentColumn(batch, field);
      if (column === undefined) continue;
      const name = `${prefix}.${field}`;
      let answers = this.#fields.get(name);
      if (answers === undefined) {
        answers = new FieldAnswers(this.#lookup, field, name);
        this.#fields.set(name, answers);
      }
      answers.write(batch, column);
    }
  }
}

/** A value ready to be put into a column. */
type Cell = {
  readonly target: Target;
  readonly kind: number;
  readonly number: number;
  readonly value: FieldValue;
};

/** A column that answers go to; `column` is that of the batch at hand. */
type Target = { readonly name: string; dictionary: Dictionary; column: Column };

const NOTHING: readonly Cell[] = [];

/** The answers to the values of one field. */
class FieldAnswers {
  readonly #lookup: Lookup;
  readonly #field: string;
  readonly #prefix: string;
  readonly #cells = new CellBytes();
  readonly #known: BytesMap;
  readonly #targets = new Map<string, Target>();
  #answers: (readonly Cell[])[] = [];
  readonly #mightKnow: BytesTest | undefined;
  #version = 0;

  constructor(lookup: Lookup, field: string, prefix: string) {
    this.#lookup = lookup;
    this.#field = field;
    this.#prefix = prefix;
    this.#mightKnow = lookup.filter?.(field);
    this.#known = new BytesMap(lookup.cacheSize ?? CACHE_SIZE);
  }

  write(batch: Batch, column: Column): void {
    this.#begin(batch);
    const cells = this.#cells;
    const mightKnow = this.#mightKnow;
    const looksIntoLists = this.#lookup.looksIntoLists === true;
    for (let row = 0; row < batch.rows; row++) {
      if (batch.live[row] === 0) continue;
      if (looksIntoLists && column.kinds[row] === VALUE && this.#writeElements(batch, column, row)) continue;
      if (!cells.read(column, row)) continue;
      if (mightKnow !== undefined && !mightKnow(cells.bytes, cells.start, cells.end)) continue;
      const known = this.#known.get(cells.bytes, cells.start, cells.end);
      const answer = known < 0 ? this.#ask(batch) : (this.#answers[known] as readonly Cell[]);
      for (const cell of answer) put(cell, row);
    }
  }

  /** Adds what is known of each text of a list; false when the cell is no list. */
  #writeElements(batch: Batch, column: Column, row: number): boolean {
    const list = column.objects[row];
    if (!Array.isArray(list)) return false;
    for (const element of list) {
      if (typeof element !== "string") continue;
      for (const cell of this.#cellsOf(batch, this.#lookup.lookup(element, this.#field))) put(cell, row);
    }
    return true;
  }

  /** Words of a batch must keep their codes until it is indexed, so what is too much is forgotten between two batches. */
  #begin(batch: Batch): void {
    const version = this.#lookup.version?.() ?? 0;
    const forget = this.#known.full || version !== this.#version;
    this.#version = version;
    if (forget) {
      this.#known.clear();
      this.#answers = [];
    }
    for (const target of this.#targets.values()) {
      if (forget) target.dictionary = new Dictionary();
      target.column = batch.column(target.name);
      target.column.dictionary = target.dictionary;
    }
  }

  #ask(batch: Batch): readonly Cell[] {
    const { bytes, start, end } = this.#cells;
    const answer = this.#cellsOf(batch, this.#lookup.lookup(decodeText(bytes, start, end), this.#field));
    this.#known.set(bytes, start, end, this.#answers.length);
    this.#answers.push(answer);
    return answer;
  }

  #cellsOf(batch: Batch, message: Message | undefined): readonly Cell[] {
    if (message === undefined) return NOTHING;
    return Object.entries(message).map(([key, value]) => cellOf(this.#target(batch, key), value));
  }

  #target(batch: Batch, key: string): Target {
    let target = this.#targets.get(key);
    if (target === undefined) {
      const name = `${this.#prefix}.${key}`;
      target = { name, dictionary: new Dictionary(), column: batch.column(name) };
      target.column.dictionary = target.dictionary;
      this.#targets.set(key, target);
    }
    return target;
  }
}

function cellOf(target: Target, value: FieldValue): Cell {
  const cell = (kind: number, number = 0): Cell => ({ target, kind, number, value });
  switch (typeof value) {
    case "string":
      return cell(WORD, target.dictionary.code(value));
    case "boolean":
      return cell(value ? TRUE : FALSE);
    case "number":
      if (isInt(value) && !Object.is(value, -0)) return cell(INT, value);
      return cell(Number.isSafeInteger(value) ? LONG : DOUBLE, value);
    case "bigint":
      return cell(VALUE);
  }
  if (value === null) return cell(NULL);
  if (value instanceof Double) return cell(DOUBLE, value.value);
  if (value instanceof Float) return cell(FLOAT, value.value);
  return cell(VALUE);
}

function put(cell: Cell, row: number): void {
  const column = cell.target.column;
  column.kinds[row] = cell.kind;
  if (cell.kind === VALUE) column.objects[row] = cell.value;
  else column.numbers[row] = cell.number;
  column.touched = true;
}
