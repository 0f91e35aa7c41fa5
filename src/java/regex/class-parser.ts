/** Character classes in brackets: ranges, unions `[a[bc]]`, intersections `[a-z&&[^x]]`, negation. */
import { bothCases, type CharSet, complement, intersection, NONE, single, union } from "./char-set.ts";
import type { Cursor } from "./cursor.ts";
import { readCharEscape, readClassEscape } from "./escapes.ts";
import type { Flags } from "./flags.ts";

/** Reads a class whose opening bracket is already taken. */
export function readClass(cursor: Cursor, flags: Flags): CharSet {
  const start = cursor.at - 1;
  const negated = cursor.take("^");
  let whole: CharSet | undefined;
  let items: CharSet[] = [];
  const finish = () => {
    const part = union(...items);
    if (items.length > 0 || whole === undefined)
      whole = whole === undefined ? part : intersection(whole, part);
    items = [];
  };
  for (;;) {
    // Java skips blanks and comments in brackets too.
    if (flags.x) cursor.skipComments();
    if (cursor.done) throw cursor.error("the bracket is never closed", start);
    if (cursor.next === "]" && !(items.length === 0 && whole === undefined)) break;
    if (cursor.take("&&")) {
      // `&&` with nothing before it, or twice, changes nothing.
      while (cursor.take("&&"));
      if (items.length > 0) finish();
    } else {
      items.push(readItem(cursor, flags));
    }
  }
  cursor.at++;
  finish();
  const set = whole ?? NONE;
  return negated ? complement(set) : set;
}

function readItem(cursor: Cursor, flags: Flags): CharSet {
  if (cursor.take("[")) return cursor.nested(() => readClass(cursor, flags));
  if (cursor.take("\\Q")) return readQuoted(cursor, flags);
  if (cursor.next === "\\") {
    cursor.at++;
    const set = readClassEscape(cursor, flags);
    if (set !== undefined) return set;
    cursor.at--;
  }
  const start = cursor.at;
  const from = readMember(cursor);
  if (cursor.next !== "-" || cursor.peek(1) === "]" || cursor.peek(1) === "[" || cursor.peek(1) === "") {
    return folded(single(from), flags);
  }
  cursor.at++;
  const to = readMember(cursor);
  if (to < from) throw cursor.error("the range runs backwards", start);
  return folded([from, to], flags);
}

function readMember(cursor: Cursor): number {
  return cursor.take("\\") ? readCharEscape(cursor) : cursor.code();
}

function readQuoted(cursor: Cursor, flags: Flags): CharSet {
  const items: CharSet[] = [];
  while (!cursor.done && !cursor.take("\\E")) items.push(folded(single(cursor.code()), flags));
  return union(...items);
}

function folded(set: CharSet, flags: Flags): CharSet {
  return flags.i ? bothCases(set, flags.u || flags.U) : set;
}
