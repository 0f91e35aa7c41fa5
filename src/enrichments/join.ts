import type { Batch } from "../core/batch.ts";
import { ABSENT, type Column, NULL, SPAN, STRING, WORD } from "../core/column.ts";
import type { Dictionary } from "../core/dictionary.ts";

/**
 * What the original does after a stage of enrichment: fields that are null or empty text leave the message, but only
 * where something was looked up. `hasTask` is 1 for such rows. Indexes stay within the arrays by construction.
 */
export function removeEmptyFields(batch: Batch, hasTask: Uint8Array): void {
  for (const column of batch.columns.values()) if (column.touched) clean(column, batch.rows, hasTask);
}

/** Four kinds in one word: all absent, all numbers (INT to DOUBLE differ in their last two bits), all spans. */
const FOUR_ABSENT = 0;
const NUMBER_MASK = 0xfcfcfcfc | 0;
const FOUR_NUMBERS = 0x04040404;
const FOUR_SPANS = 0x08080808;

/** Columns are mostly of one kind, so four rows are looked at at once; what needs a closer look gets it row by row. */
function clean(column: Column, rows: number, hasTask: Uint8Array): void {
  const { kinds, spans } = column;
  const fours = new Int32Array(kinds.buffer, 0, kinds.length >> 2);
  const wordsAreFull = column.dictionary === undefined || !hasEmptyWord(column.dictionary);
  for (let row = 0; row < rows; row += 4) {
    // Behind the last whole word it is undefined, and equal to none of these.
    const four = fours[row >> 2] as number;
    if (four === FOUR_ABSENT || (four & NUMBER_MASK) === FOUR_NUMBERS) continue;
    if (wordsAreFull && isWordsOrAbsent(four)) continue;
    if (
      four === FOUR_SPANS &&
      spans[2 * row] !== spans[2 * row + 1] &&
      spans[2 * row + 2] !== spans[2 * row + 3] &&
      spans[2 * row + 4] !== spans[2 * row + 5] &&
      spans[2 * row + 6] !== spans[2 * row + 7]
    ) {
      continue;
    }
    cleanRows(column, row, Math.min(row + 4, rows), hasTask);
  }
}

/** Whether each of four kinds is WORD (9) or ABSENT (0): then the bits of the eights alone tell all. */
function isWordsOrAbsent(four: number): boolean {
  return Math.imul((four & FOUR_SPANS) >>> 3, WORD) === four;
}

/** How many words of a dictionary were looked at, and whether one was empty: dictionaries only grow. */
const seenWords = new WeakMap<Dictionary, { count: number; hasEmpty: boolean }>();

function hasEmptyWord(dictionary: Dictionary): boolean {
  let seen = seenWords.get(dictionary);
  if (seen === undefined) {
    seen = { count: 0, hasEmpty: false };
    seenWords.set(dictionary, seen);
  }
  const { words } = dictionary;
  for (; seen.count < words.length; seen.count++) seen.hasEmpty ||= words[seen.count] === "";
  return seen.hasEmpty;
}

function cleanRows(column: Column, from: number, to: number, hasTask: Uint8Array): void {
  const { kinds, spans } = column;
  for (let row = from; row < to; row++) {
    const kind = kinds[row] as number;
    if (kind === SPAN) {
      if (spans[2 * row] !== spans[2 * row + 1]) continue;
    } else if (kind === ABSENT || (kind > NULL && kind < WORD) || !isEmpty(column, row, kind)) continue;
    if (hasTask[row] === 1) kinds[row] = ABSENT;
  }
}

/** For cells that are neither spans nor numbers. */
function isEmpty(column: Column, row: number, kind: number): boolean {
  if (kind === WORD) {
    const starts = (column.dictionary as Dictionary).starts;
    const code = column.numbers[row] as number;
    return starts[code] === starts[code + 1];
  }
  return kind === NULL || (kind === STRING && column.objects[row] === "");
}

/** Marks the rows that have something, not null, in one of the fields: what is there is looked up. */
export function markTasks(batch: Batch, fields: Iterable<string>, hasTask: Uint8Array): void {
  for (const field of fields) {
    const column = batch.columns.get(field);
    if (column?.touched !== true) continue;
    const { kinds } = column;
    for (let row = 0; row < batch.rows; row++) if ((kinds[row] as number) > NULL) hasTask[row] = 1;
  }
}
