import { Fault } from "../../core/fault.ts";
import type { FieldValue, Message } from "../../core/message.ts";
import type { FieldNames } from "../../query/fields.ts";
import { type Hint, replaced, syntaxHints } from "../../query/hints.ts";
import { parseMoment } from "../../query/moment.ts";
import { toText } from "../../query/to-text.ts";
import { isFieldTerm, type Pattern, type PatternPart, type Query, type Term } from "../../query/tree.ts";
import { clausesOf, withClauses } from "../../query/visit.ts";
import { numberOf } from "../../schema/number-of.ts";
import type { FieldType, SearchRequest, Selection, UnknownField } from "./contract.ts";

/** Clauses of a query that found nothing that are looked into. */
const MOST_CLAUSES = 2;
/** Of those that hold it, so many are read. */
const SAMPLE = 50;

/** What hints are found with: an index, as far as they ask it. */
export type HintSource = {
  /** All fields of all messages. */
  names(): FieldNames;
  /** The type of a field, by the name as stored; undefined when no message has it. */
  fieldType(field: string): FieldType | undefined;
  /** The sensors that have a field, by the name as stored. */
  fieldSensors(field: string): readonly string[];
  readonly now: () => number;
  /** `isRare`: few messages match, or none. */
  count(selection: Selection, isRare?: boolean): Promise<number>;
  /** The first that match among the newest messages, with one field alone. */
  sample(selection: Selection, size: number, field: string): Promise<readonly Message[]>;
};

type FieldTerm = Term & { readonly field: string };
type FieldPattern = Pattern & { readonly field: string };

/** What a person should know about the answer to a search; nothing when the request does not ask by giving its text. */
export async function hintsOf(
  source: HintSource,
  request: SearchRequest,
  unknown: readonly UnknownField[],
  isEmpty: boolean,
): Promise<Hint[]> {
  const { query, text } = request;
  // Later pages are of the same search, which the first one told about.
  if (query === undefined || text === undefined || request.cursor !== undefined) return [];
  const hints = [...syntaxHints(query, text), ...typeHints(source, query, isEmpty)];
  for (const { field, suggestions } of unknown) hints.push(unknownHint(query, field, suggestions[0]));
  if (!isEmpty || unknown.length > 0) return hints;
  try {
    return [...hints, ...(await emptyHints(source, request, query))];
  } catch (error) {
    // An answer without a hint is better than none, as when looking for one would take too long.
    if (error instanceof Fault && request.signal?.aborted !== true) return hints;
    throw error;
  }
}

function unknownHint(query: Query, field: string, nearest: string | undefined): Hint {
  const better = nearest === undefined ? undefined : toText(renamed(query, field, nearest));
  return {
    code: "unknown-field",
    text: `No message has a field ${field}, so conditions on it meet nothing and under NOT everything.${nearest === undefined ? "" : ` The nearest one is ${nearest}.`}`,
    ...(better !== undefined && { query: better }),
  };
}

function renamed(query: Query, field: string, name: string): Query {
  return withClauses(query, (clause) =>
    clause.kind !== "all" && clause.field === field ? { ...clause, field: name } : clause,
  );
}

/** Values that a field cannot hold, unless some message holds it all the same. */
function typeHints(source: HintSource, query: Query, isEmpty: boolean): Hint[] {
  const hints: Hint[] = [];
  for (const { clause, isNegated } of clausesOf(query)) {
    if (!isFieldTerm(clause) || (!isEmpty && !isNegated)) continue;
    const { field, value } = clause;
    const type = source.fieldType(source.names().resolve(field) ?? field);
    const isNumber = type === "long" || type === "double";
    const wrong = isNumber
      ? numberOf(value) === undefined && parseMoment(value, source.now()) === undefined
      : type === "boolean" && !/^(true|false)$/i.test(value);
    if (!wrong) continue;
    const holds = isNumber ? "numbers" : "only true and false";
    hints.push({ code: "other-type", text: `${field} holds ${holds}, and ${value} is none of them.` });
  }
  return hints.slice(0, 1);
}

/** Why nothing was found: each clause that has to be met and finds nothing by itself is looked into. */
async function emptyHints(source: HintSource, request: SearchRequest, query: Query): Promise<Hint[]> {
  const clauses: (FieldTerm | FieldPattern)[] = [];
  for (const { clause, isNegated } of clausesOf(query)) {
    if (!isNegated && (clause.kind === "term" || clause.kind === "pattern") && clause.field !== undefined)
      clauses.push(clause as FieldTerm | FieldPattern);
  }
  const hints: Hint[] = [];
  for (const clause of clauses.slice(0, MOST_CLAUSES)) {
    if (await exists(source, request, clause)) continue;
    const hint =
      sensorHint(source, request, clause.field) ?? (await valueHint(source, request, query, clause));
    if (hint !== undefined) hints.push(hint);
  }
  return hints;
}

function sensorHint(source: HintSource, { sensors }: SearchRequest, written: string): Hint | undefined {
  const field = source.names().resolve(written) ?? written;
  const own = source.fieldSensors(field);
  if (sensors === undefined || own.length === 0 || own.some((sensor) => sensors.includes(sensor)))
    return undefined;
  return {
    code: "other-sensor",
    text: `${field} is a field of ${own.slice(0, 3).join(", ")}${own.length > 3 ? " and others" : ""}, and the search is limited to ${sensors.slice(0, 3).join(", ")}${sensors.length > 3 ? " and others" : ""}.`,
  };
}

async function valueHint(
  source: HintSource,
  request: SearchRequest,
  query: Query,
  clause: FieldTerm | FieldPattern,
): Promise<Hint | undefined> {
  const propose = async (code: Hint["code"], other: Query, why: string): Promise<Hint | undefined> => {
    const better = replaced(query, clause, other);
    const count = await source.count({ ...request, query: better });
    if (count === 0) return undefined;
    const messages = `${count.toLocaleString("en-US")} ${count === 1 ? "message" : "messages"}`;
    return { code, text: `${why} ${toText(other)} finds ${messages}.`, query: toText(better) };
  };
  const { field } = clause;
  if (clause.kind === "pattern") {
    for (const parts of otherCases(clause.parts)) {
      const hint = await propose(
        "other-case",
        { ...clause, parts },
        `No value of ${field} fits in these letters.`,
      );
      if (hint !== undefined) return hint;
    }
    return undefined;
  }
  const { value } = clause;
  const none = `No value of ${field} is ${value === "" ? "empty" : value} as a whole.`;
  const wildcards = wildcardParts(value);
  if (wildcards !== undefined) {
    const why = `In ${field}:${value} ${/[*?]/.test(value) ? "the wildcard is quoted or escaped" : "% is no wildcard: write *"}.`;
    const hint = await propose("no-wildcard", { kind: "pattern", field, parts: wildcards }, why);
    if (hint !== undefined) return hint;
  }
  if (value === "") return undefined;
  const part = await propose("part-of-value", patternAround(field, value), none);
  if (part !== undefined) return part;
  const seen = await valuesWith(source, request, clause);
  const spelt = seen.values.find((one) => one.toLowerCase() === value.toLowerCase());
  if (spelt !== undefined) return propose("other-case", { ...clause, value: spelt }, none);
  const around = seen.values.find((one) => one.toLowerCase().includes(value.toLowerCase()));
  if (around !== undefined) {
    const start = around.toLowerCase().indexOf(value.toLowerCase());
    const found = around.slice(start, start + value.length);
    return propose("other-case", patternAround(field, found), none);
  }
  if (!seen.isElsewhere) return undefined;
  return propose("other-field", { kind: "term", field: undefined, value }, `${none} Other fields hold it:`);
}

/** Values of the field in messages that hold the text anywhere, and whether there are such messages. */
async function valuesWith(
  source: HintSource,
  request: SearchRequest,
  { field, value }: FieldTerm,
): Promise<{ values: readonly string[]; isElsewhere: boolean }> {
  const anywhere: Query = { kind: "term", field: undefined, value };
  const name = source.names().resolve(field) ?? field;
  const isThere: Query = { kind: "and", parts: [{ kind: "exists", field: name }, anywhere] };
  const messages = await source.sample({ ...request, query: isThere }, SAMPLE, name);
  const values = messages.flatMap((message) => textsOf(message[name]));
  if (messages.length > 0) return { values, isElsewhere: true };
  const others = await source.sample({ ...request, query: anywhere }, 1, name);
  return { values, isElsewhere: others.length > 0 };
}

function textsOf(value: FieldValue | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return typeof value === "string" ? [value] : [];
}

async function exists(source: HintSource, request: SearchRequest, query: Query): Promise<boolean> {
  return (await source.count({ ...request, query }, true)) > 0;
}

function patternAround(field: string, text: string): Query {
  return { kind: "pattern", field, parts: [{ kind: "many" }, { kind: "text", text }, { kind: "many" }] };
}

/** A text with `*` and `?`, or with `%` at an end, as the wildcards they look like. */
function wildcardParts(value: string): PatternPart[] | undefined {
  const signs = /[*?]/.test(value) ? /([*?])/ : /^%|%$/.test(value) ? /(%)/ : undefined;
  if (signs === undefined || /^[*%]*$/.test(value)) return undefined;
  return value
    .split(signs)
    .filter((part) => part !== "")
    .map((part) =>
      part === "?"
        ? { kind: "one" }
        : part === "*" || part === "%"
          ? { kind: "many" }
          : { kind: "text", text: part },
    );
}

function otherCases(parts: readonly PatternPart[]): PatternPart[][] {
  const changed = (change: (text: string) => string) =>
    parts.map(
      (part): PatternPart => (part.kind === "text" ? { kind: "text", text: change(part.text) } : part),
    );
  const written = JSON.stringify(parts);
  return [changed((text) => text.toLowerCase()), changed((text) => text.toUpperCase())].filter(
    (other) => JSON.stringify(other) !== written,
  );
}
