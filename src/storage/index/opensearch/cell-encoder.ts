// The functions below run for every cell of every message: arrays are indexed within bounds known beforehand, hence `as number`.
import {
  ABSENT,
  type Column,
  DOUBLE,
  FALSE,
  INT,
  NULL,
  SPAN,
  STRING,
  TRUE,
  VALUE,
  WORD,
} from "../../../core/column.ts";
import type { Dictionary } from "../../../core/dictionary.ts";
import { type FieldValue, messageToJson } from "../../../core/message.ts";
import { allocateBytes, decodeText, encodeText } from "../../../core/text.ts";
import { declarationsVersion } from "../../../schema/declarations.ts";
import { JsonBytes, type Piece, pieceOf } from "./json-bytes.ts";
import { isDottedDecimal, isOnlyText, isPlainWhole } from "./spelling.ts";
import {
  ADDRESS,
  type FieldPlan,
  MOST_TERM,
  OBJECT_NAMES,
  planOf,
  quoted,
  REAL,
  SearchedValues,
  TEXT,
  WHOLES,
} from "./values.ts";

/** Fields, and words of dictionaries, remembered. Telemetry can make up names without end. */
const MOST_REMEMBERED = 20_000;
const LEAST_BUFFER = 1 << 16;
const NULL_JSON = encodeText("null");
const FALSE_JSON = encodeText("false");
const TRUE_JSON = encodeText("true");
const QUOTE = encodeText('"');
const COMMA = encodeText(",");
const WORDS = encodeText(',"words":[');
const LIST_END = encodeText("]");
const MEMBERS_END = encodeText("}");
const OBJECTS = OBJECT_NAMES.map((name) => encodeText(`,"${name}":{`));

type Bytes = Uint8Array<ArrayBuffer>;

/** What a word of a dictionary adds to a document. Each member and word has a comma before it. */
type WordParts = {
  readonly member: Piece;
  readonly words: Piece;
  /** By the number of the object. */
  readonly searched: readonly { readonly object: number; readonly members: Piece }[];
};

/** What is known of a field wherever one of its cells is written. */
export type ColumnPlan = FieldPlan & {
  /** Its name with a comma before it, in the message and in the objects that are searched. */
  readonly member: Piece;
  readonly searched: Piece;
  /** Parts by the codes of the dictionary of its column. */
  dictionary: Dictionary | undefined;
  parts: (WordParts | undefined)[];
};

/** Writes cells of messages as members of documents: to the message at once, and to what is searched when the message ends. */
export class CellEncoder {
  readonly out = new JsonBytes(allocateBytes(LEAST_BUFFER));
  /** Where the value of the cell begins. */
  #valueAt = 0;
  readonly #plans = new Map<string, ColumnPlan>();
  /** Of the declarations that the plans are made by. */
  #version = declarationsVersion();
  #remembered = 0;
  /** What is searched of a message, by objects, each member with a comma before it; and its words. */
  readonly #searched = OBJECT_NAMES.map(() => new JsonBytes());
  readonly #words = new JsonBytes();
  /** Collects the values that need a closer look, and whether this message has any. */
  readonly #values = new SearchedValues();
  #hasValues = false;
  readonly #wordValues = new SearchedValues();
  readonly #string = new JsonBytes();

  /** Begins again with nothing. */
  begin(): void {
    if (this.#version !== declarationsVersion()) {
      this.#version = declarationsVersion();
      this.#plans.clear();
    }
    for (const bytes of [this.out, this.#words, ...this.#searched]) bytes.length = 0;
    this.#hasValues = false;
  }

  plan(field: string): ColumnPlan {
    let plan = this.#plans.get(field);
    if (plan === undefined) {
      this.#remember();
      const facts = planOf(field);
      const [member, searched] = [pieceOf(`,${facts.name}`), pieceOf(`,${facts.part}`)];
      plan = { ...facts, member, searched, dictionary: undefined, parts: [] };
      this.#plans.set(field, plan);
    }
    return plan;
  }

  /**
   * Adds a text by its bytes.
   * @param isNamed whether the field is found by its name, and not by its words alone.
   * @param isInside whether the text stands in the original too, so that words of it are found there.
   */
  addSpan(
    bytes: Uint8Array,
    from: number,
    to: number,
    plan: ColumnPlan,
    isNamed: boolean,
    isInside: boolean,
  ): void {
    this.out.addPiece(plan.member);
    this.#valueAt = this.out.length;
    this.#text(bytes, from, to, plan, isNamed, isInside);
  }

  /** Adds a cell that is neither absent nor a span. */
  add(column: Column, row: number, kind: number, plan: ColumnPlan, isNamed: boolean): void {
    const { out } = this;
    if (kind === WORD && isNamed && plan.family === undefined && plan.kind !== "original") {
      this.#word(plan, column, column.numbers[row] as number);
      return;
    }
    out.addPiece(plan.member);
    this.#valueAt = out.length;
    if (kind >= INT && kind <= DOUBLE) this.#number(column.numbers[row] as number, plan, isNamed);
    else if (kind === STRING || kind === WORD) {
      this.#string.length = 0;
      this.#string.addText(column.text(row) as string);
      this.#text(this.#string.bytes, 0, this.#string.length, plan, isNamed, false);
    } else if (kind === FALSE || kind === TRUE) this.#truth(kind === TRUE, plan, isNamed);
    else if (kind === VALUE) {
      const value = column.objects[row] as FieldValue;
      out.addText(messageToJson(value));
      const values = this.#look(isNamed);
      values.any(plan, value);
      values.close(plan);
    } else if (kind === NULL) out.add(NULL_JSON);
  }

  /** Adds what is searched of the cells since the last end, as members of the document. */
  end(): void {
    const { out } = this;
    if (this.#hasValues) this.#values.flush(this.#words, this.#searched);
    this.#hasValues = false;
    if (this.#words.length > 0) {
      out.add(WORDS);
      out.add(this.#words.bytes, 1, this.#words.length);
      out.add(LIST_END);
      this.#words.length = 0;
    }
    for (let object = 0; object < OBJECTS.length; object++) {
      const searched = this.#searched[object] as JsonBytes;
      if (searched.length === 0) continue;
      out.add(OBJECTS[object] as Bytes);
      out.add(searched.bytes, 1, searched.length);
      out.add(MEMBERS_END);
      searched.length = 0;
    }
  }

  #text(
    bytes: Uint8Array,
    from: number,
    to: number,
    plan: ColumnPlan,
    isNamed: boolean,
    isInside: boolean,
  ): void {
    const { out } = this;
    const valueAt = this.#valueAt;
    const classes = out.quoted(bytes, from, to);
    const { kind } = plan;
    if (kind === "original" || kind === "guid") return;
    const isSimple = isNamed && plan.family === undefined && to > from && to - from <= MOST_TERM;
    if (isSimple && kind === "text" && isOnlyText(bytes, from, to, classes))
      this.#member(TEXT, plan, valueAt, out.length);
    else if (isSimple && kind === "address" && isDottedDecimal(bytes, from, to))
      this.#member(ADDRESS, plan, valueAt, out.length);
    else if (isSimple && kind === "whole" && isPlainWhole(bytes, from, to, plan.meaning))
      this.#member(WHOLES, plan, valueAt + 1, out.length - 1);
    else {
      const values = this.#look(isNamed);
      values.text(plan, decodeText(bytes, from, to), isInside);
      values.close(plan);
      return;
    }
    if (isInside) return;
    this.#words.add(COMMA);
    this.#words.add(out.bytes, valueAt, out.length);
  }

  #number(value: number, plan: ColumnPlan, isNamed: boolean): void {
    const { out } = this;
    const valueAt = this.#valueAt;
    const isNumber = Number.isFinite(value);
    if (isNumber) out.addNumber(value);
    else out.addText(`"${value}"`);
    if (!isNumber || plan.family !== undefined) {
      const values = this.#look(isNamed);
      values.number(plan, value);
      values.close(plan);
    } else if (isNamed) {
      if (plan.kind === "whole" && Number.isSafeInteger(value))
        this.#member(WHOLES, plan, valueAt, out.length);
      else {
        this.#member(REAL, plan, valueAt, out.length);
        if (plan.kind !== "real") this.#quotedMember(TEXT, plan, valueAt, out.length);
      }
    }
  }

  #truth(value: boolean, plan: ColumnPlan, isNamed: boolean): void {
    const { out } = this;
    const valueAt = this.#valueAt;
    out.add(value ? TRUE_JSON : FALSE_JSON);
    if (plan.family !== undefined) {
      const values = this.#look(isNamed);
      values.truth(value);
      values.close(plan);
    } else if (isNamed) this.#quotedMember(TEXT, plan, valueAt, out.length);
  }

  /** Adds what was written at [from, to) to an object. */
  #member(object: number, plan: ColumnPlan, from: number, to: number): void {
    const searched = this.#searched[object] as JsonBytes;
    searched.addPiece(plan.searched);
    searched.add(this.out.bytes, from, to);
  }

  #quotedMember(object: number, plan: ColumnPlan, from: number, to: number): void {
    const searched = this.#searched[object] as JsonBytes;
    searched.addPiece(plan.searched);
    searched.add(QUOTE);
    searched.add(this.out.bytes, from, to);
    searched.add(QUOTE);
  }

  /** Begins a closer look at the values of a field. */
  #look(isNamed: boolean): SearchedValues {
    if (!this.#hasValues) this.#values.begin();
    this.#hasValues = true;
    this.#values.open(isNamed);
    return this.#values;
  }

  #word(plan: ColumnPlan, column: Column, code: number): void {
    if (plan.dictionary !== column.dictionary) {
      plan.dictionary = column.dictionary;
      plan.parts = [];
    }
    let parts = plan.parts[code];
    if (parts === undefined) {
      this.#remember();
      parts = this.#partsOf(plan, (column.dictionary as Dictionary).word(code));
      plan.parts[code] = parts;
    }
    this.out.addPiece(parts.member);
    this.#words.addPiece(parts.words);
    for (const { object, members } of parts.searched) (this.#searched[object] as JsonBytes).addPiece(members);
  }

  #partsOf(plan: ColumnPlan, text: string): WordParts {
    const values = this.#wordValues;
    values.begin();
    values.open(true);
    values.text(plan, text, false);
    values.close(plan);
    const words = new JsonBytes(allocateBytes(64));
    const objects = OBJECT_NAMES.map(() => new JsonBytes(allocateBytes(64)));
    values.flush(words, objects);
    return {
      member: pieceOf(`,${plan.name}${quoted(text)}`),
      words: pieceOf(textOf(words)),
      searched: objects.flatMap((members, object) =>
        members.length === 0 ? [] : { object, members: pieceOf(textOf(members)) },
      ),
    };
  }

  #remember(): void {
    if (this.#remembered++ < MOST_REMEMBERED) return;
    this.#remembered = 0;
    this.#plans.clear();
  }
}

function textOf({ bytes, length }: JsonBytes): string {
  return decodeText(bytes, 0, length);
}

/** Whether a cell holds text. */
export function isText(column: Column | undefined, row: number): column is Column {
  const kind = column?.kinds[row] ?? ABSENT;
  return kind >= SPAN && kind <= STRING;
}
