import type { Batch } from "../core/batch.ts";
import type { Column } from "../core/column.ts";
import { Dictionary } from "../core/dictionary.ts";
import type { Rule } from "./rule.ts";

/** The columns of the n-th rule that matched a message. */
type Slot = {
  readonly name: Column;
  readonly comment: Column;
  readonly score: Column;
  readonly points: Column;
  readonly reason: Column;
};

/** Codes of what a rule says of itself; -1 for what it lacks. */
type Codes = { readonly name: number; readonly comment: number; readonly score: number };

/**
 * Writes what triage found: `threat.triage.score` and, for each match counted from 0, `threat.triage.rules.<n>.name`,
 * `.comment`, `.score` (the text of the expression, as in the original) and `.reason`; what a rule lacks is null. Where
 * the score is computed, `.points` is the number it came to for this message.
 */
export class RuleColumns {
  readonly #words = new Dictionary();
  readonly #codes: readonly Codes[];
  #batch: Batch | undefined;
  #slots: Slot[] = [];
  #score: Column | undefined;

  constructor(rules: readonly Rule[]) {
    const code = (text: string | undefined): number => (text === undefined ? -1 : this.#words.code(text));
    this.#codes = rules.map((rule) => ({
      name: code(rule.name),
      comment: code(rule.comment),
      score: code(rule.scoreText),
    }));
  }

  /** Makes a batch the one written to. */
  bind(batch: Batch): void {
    if (this.#batch !== batch) {
      this.#batch = batch;
      this.#score = batch.column("threat.triage.score");
      this.#slots = [];
    }
    // Another version of the sensor's document may have left its own words.
    for (const slot of this.#slots) this.#adopt(slot);
  }

  get score(): Column {
    return this.#score as Column;
  }

  /**
   * Notes that a rule was the `match`-th (from 0) to match the message of a row.
   * @param points what a computed score came to; undefined for a constant, which is its own points.
   */
  write(row: number, match: number, rule: number, reason: string | null, points: number | undefined): void {
    const slot = this.#slots[match] ?? this.#open(match);
    const codes = this.#codes[rule] as Codes;
    setWordOrNull(slot.name, row, codes.name);
    setWordOrNull(slot.comment, row, codes.comment);
    slot.score.setWord(row, codes.score);
    if (points !== undefined) slot.points.setDouble(row, points);
    if (reason === null) slot.reason.setNull(row);
    else slot.reason.setString(row, reason);
  }

  #open(match: number): Slot {
    const column = (part: string): Column =>
      (this.#batch as Batch).column(`threat.triage.rules.${match}.${part}`);
    const slot = {
      name: column("name"),
      comment: column("comment"),
      score: column("score"),
      points: column("points"),
      reason: column("reason"),
    };
    this.#slots[match] = slot;
    this.#adopt(slot);
    return slot;
  }

  #adopt(slot: Slot): void {
    slot.name.dictionary = this.#words;
    slot.comment.dictionary = this.#words;
    slot.score.dictionary = this.#words;
  }
}

function setWordOrNull(column: Column, row: number, code: number): void {
  if (code < 0) column.setNull(row);
  else column.setWord(row, code);
}
