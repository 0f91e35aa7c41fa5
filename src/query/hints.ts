import { parse } from "./parse.ts";
import { offsetOf, type Place } from "./place.ts";
import type { Clause, Query } from "./tree.ts";
import { clausesOf, withClauses } from "./visit.ts";

/**
 * Something a person should know about the answer to a search: that it does not say what it seems to say, and how to ask
 * for what was probably meant.
 */
export type Hint = {
  readonly code: HintCode;
  /** A sentence or two for a person. */
  readonly text: string;
  /** The whole query as it was probably meant; absent when there is no better one. */
  readonly query?: string | undefined;
};

type HintCode =
  /** `and`, `or`, `not` are words. */
  | "lowercase-operator"
  /** `protocol=dns`, `score>50` and `a == b` are words. */
  | "comparison-sign"
  /** `protocol:!dns` and `protocol:NOT dns`: NOT is before the field. */
  | "negated-value"
  /** Single and curly quotes are characters like any other. */
  | "wrong-quotes"
  /** A year or epoch seconds where milliseconds are counted. */
  | "time-as-number"
  /** A text is looked for in a field that holds numbers, or only true and false. */
  | "other-type"
  /** No message has a field of this name. */
  | "unknown-field"
  /** The field is there, but in no sensor that is searched. */
  | "other-sensor"
  /** `*` within quotes, or `%`, which is no wildcard here. */
  | "no-wildcard"
  /** The value is there in other letters. */
  | "other-case"
  /** The value is a part of values. */
  | "part-of-value"
  /** The value is in other fields. */
  | "other-field"
  /** Rejected records are searched only when they are named. */
  | "rejected-apart";

const OPERATORS = /^(and|or|not)$/i;
const COMPARED = /^([A-Za-z_][\w.:-]*?)(==?|!=|>=|<=|>|<)([^=<>&?].*)?$/;
/** A field, a NOT in front of its value, and that value. */
const NEGATED = /^((?:[^\s"():]+:)*[^\s"():]+):\s*(!|NOT\s+)("(?:[^"\\]|\\.)*"|[^\s()"]+)/;
const SIGN = /^(==?|!=|>=|<=|>|<)$/;
const QUOTES: Readonly<Record<string, string>> = {
  "'": "'",
  "\u2018": "\u2019",
  "\u201c": "\u201d",
  "\u201e": "\u201c",
};
/** What looks like seconds since 1970, from 1973 on. */
const SECONDS = /^\d{9,10}$/;
const YEAR = /^(19[7-9]\d|20\d\d)$/;

/** What in a query is read otherwise than its looks suggest. `text` is what `query` was read from. */
export function syntaxHints(query: Query, text: string): Hint[] {
  const hints = new Map<string, Hint>();
  const add = (hint: Hint | undefined) => {
    if (hint !== undefined && !hints.has(hint.code)) hints.set(hint.code, hint);
  };
  for (const { clause } of clausesOf(query)) {
    if (clause.kind === "all" || clause.place === undefined) continue;
    const at = offsetOf(text, clause.place);
    if (clause.field !== undefined) add(negationHint(at, text));
    if (clause.kind === "range") {
      const isTime = clause.field === "timestamp";
      for (const end of [clause.from, clause.to])
        if (isTime && end !== undefined) add(timeHint(end.value, end.place, text));
      continue;
    }
    if (clause.kind !== "term") continue;
    if (clause.field === undefined && text[at] !== '"') {
      add(operatorHint(clause.value, text));
      add(comparisonHint(clause.value, at, text));
    }
    if (clause.field === "timestamp") add(timeHint(clause.value, clause.place, text));
    add(quotesHint(clause.value, at, text));
  }
  return [...hints.values()];
}

/** The query with something else in place of one of its clauses. */
export function replaced(query: Query, clause: Clause, other: Query): Query {
  return withClauses(query, (each) => (each === clause ? other : each));
}

function negationHint(at: number, text: string): Hint | undefined {
  const [all, field, sign, value] = NEGATED.exec(text.slice(at)) ?? [];
  if (all === undefined) return undefined;
  return {
    code: "negated-value",
    text: `\`${sign?.trim()}\` is taken for a part of the value: it stands before the field, NOT ${field}:${value}.`,
    ...readable(`${text.slice(0, at)}NOT ${field}:${value}${text.slice(at + all.length)}`),
  };
}

function operatorHint(value: string, text: string): Hint | undefined {
  if (!OPERATORS.test(value)) return undefined;
  // All at once: with one of two left in small letters the query would be no better.
  const better = outsideQuotes(text, (part) =>
    part.replace(/(?<![^\s()])(and|or|not)(?![^\s()])/gi, (word) => word.toUpperCase()),
  );
  return {
    code: "lowercase-operator",
    text: `\`${value}\` is looked for as a word: operators are written in capitals, ${value.toUpperCase()}.`,
    ...readable(better),
  };
}

function comparisonHint(value: string, at: number, text: string): Hint | undefined {
  const apart = value.startsWith(":") ? /(\S+)\s+$/.exec(text.slice(0, at)) : null;
  const joined = /^:\s*("(?:[^"\\]|\\.)*"|[^\s()]+)/.exec(text.slice(at));
  if (apart?.[1] !== undefined && joined?.[1] !== undefined)
    return {
      code: "comparison-sign",
      text: `\`${apart[1]}\` is looked for as a word: no space stands between a field and its colon.`,
      ...readable(
        `${text.slice(0, apart.index)}${apart[1]}:${joined[1]}${text.slice(at + joined[0].length)}`,
      ),
    };
  // In `a != b` the first sign was taken for a NOT.
  const isNot = text[at - 1] === "!" && value === "=";
  const sign = isNot ? "!=" : SIGN.exec(value)?.[1];
  const before = /(\S+)\s+$/.exec(text.slice(0, isNot ? at - 1 : at));
  const after = /^\S+\s+(\S+)/.exec(text.slice(at));
  if (sign !== undefined && before?.[1] !== undefined && after?.[1] !== undefined)
    return compared(before[1], sign, after[1], text.slice(0, before.index), text.slice(at + after[0].length));
  const [all, field, infix, other = ""] = COMPARED.exec(value) ?? [];
  if (field === undefined || infix === undefined || value.includes("://")) return undefined;
  // A quote or a space ends the word: `user="a b"` and `score> 50`.
  const rest = /^\s*("(?:[^"\\]|\\.)*"|[^\s()]+)/.exec(text.slice(at + (all as string).length));
  if (other !== "") return compared(field, infix, other, text.slice(0, at), text.slice(at + value.length));
  if (rest?.[1] === undefined) return undefined;
  return compared(field, infix, rest[1], text.slice(0, at), text.slice(at + value.length + rest[0].length));
}

function compared(field: string, sign: string, value: string, before: string, after: string): Hint {
  const clause =
    sign === "!=" ? `NOT ${field}:${value}` : `${field}:${sign.startsWith("=") ? "" : sign}${value}`;
  return {
    code: "comparison-sign",
    text: `\`${field}${sign}${value}\` is looked for as a word: a field and its value are written ${clause}.`,
    ...readable(`${before}${clause}${after}`),
  };
}

function quotesHint(value: string, at: number, text: string): Hint | undefined {
  const open = value[0] ?? "";
  const close = QUOTES[open];
  if (close === undefined) return undefined;
  const start = text.indexOf(open, at);
  const end = text.indexOf(close, start + 1);
  if (start < 0) return undefined;
  const inner = text.slice(start + 1, end);
  return {
    code: "wrong-quotes",
    text: `The sign ${open} is looked for as a part of the value: quotes are written ".`,
    ...(end < 0 || inner.includes('"')
      ? {}
      : readable(`${text.slice(0, start)}"${inner}"${text.slice(end + 1)}`)),
  };
}

function timeHint(value: string, place: Place | undefined, text: string): Hint | undefined {
  const isYear = YEAR.test(value);
  if (!isYear && !SECONDS.test(value)) return undefined;
  const better = isYear ? `${value}-01` : `${value}000`;
  const at = text.indexOf(value, place === undefined ? 0 : offsetOf(text, place));
  return {
    code: "time-as-number",
    text: `A plain number is milliseconds since 1970, and ${value} is ${new Date(Number(value)).toISOString()}: write ${better}.`,
    ...(at < 0 ? {} : readable(text.slice(0, at) + better + text.slice(at + value.length))),
  };
}

/** A query worth proposing: one that can be read. */
function readable(query: string): { query?: string } {
  try {
    parse(query);
    return { query };
  } catch {
    return {};
  }
}

/** Changes what is outside double quotes. */
function outsideQuotes(text: string, change: (part: string) => string): string {
  return text
    .split(/("(?:[^"\\]|\\.)*")/)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join("");
}
