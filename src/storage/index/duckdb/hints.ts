import { Fault } from "../../../core/fault.ts";
import type { FieldValue } from "../../../core/message.ts";
import { type Hint, replaced, syntaxHints } from "../../../query/hints.ts";
import { parseMoment } from "../../../query/moment.ts";
import { toText } from "../../../query/to-text.ts";
import { isFieldTerm, type Pattern, type PatternPart, type Query, type Term } from "../../../query/tree.ts";
import { clausesOf, withClauses } from "../../../query/visit.ts";
import { numberOf } from "../../../schema/number-of.ts";
import type { SearchRequest, UnknownField } from "../contract.ts";
import { countOf, searchPage } from "./search.ts";
import { type Library, within } from "./selection.ts";

/** Clauses of a query that found nothing that are looked into. */
const MOST_CLAUSES = 2;
/** Messages, the newest ones, in which a value is looked for everywhere. */
const MOST_ROWS = 500_000;
/** Of those that hold it, so many are read. */
const SAMPLE = 50;

type FieldTerm = Term & { readonly field: string };
type FieldPattern = Pattern & { readonly field: string };

/** What a person should know about the answer to a search; nothing when the request does not ask by giving its text. */
export async function hintsOf(
  library: Library,
  request: SearchRequest,
  unknown: readonly UnknownField[],
  isEmpty: boolean,
): Promise<Hint[]> {
  const { query, text } = request;
  // Later pages are of the same search, which the first one told about.
  if (query === undefined || text === undefined || request.cursor !== undefined) return [];
  const hints = [...syntaxHints(query, text), ...typeHints(library, query, isEmpty)];
  for (const { field, suggestions } of unknown) hints.push(unknownHint(query, field, suggestions[0]));
  if (!isEmpty || unknown.length > 0) return hints;
  try {
    return [...hints, ...(await emptyHints(library, request, query))];
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
function typeHints(library: Library, query: Query, isEmpty: boolean): Hint[] {
  const hints: Hint[] = [];
  for (const { clause, isNegated } of clausesOf(query)) {
    if (!isFieldTerm(clause) || (!isEmpty && !isNegated)) continue;
    const { field, value } = clause;
    const type = library.fieldType(library.names().resolve(field) ?? field);
    const isNumber = type === "long" || type === "double";
    const wrong = isNumber
      ? numberOf(value) === undefined && parseMoment(value, library.now()) === undefined
      : type === "boolean" && !/^(true|false)$/i.test(value);
    if (!wrong) continue;
    const holds = isNumber ? "numbers" : "only true and false";
    hints.push({ code: "other-type", text: `${field} holds ${holds}, and ${value} is none of them.` });
  }
  return hints.slice(0, 1);
}

/** Why nothing was found: each clause that has to be met and finds nothing by itself is looked into. */
async function emptyHints(library: Library, request: SearchRequest, query: Query): Promise<Hint[]> {
  const clauses: (FieldTerm | FieldPattern)[] = [];
  for (const { clause, isNegated } of clausesOf(query)) {
    if (!isNegated && (clause.kind === "term" || clause.kind === "pattern") && clause.field !== undefined)
      clauses.push(clause as FieldTerm | FieldPattern);
  }
  const hints: Hint[] = [];
  for (const clause of clauses.slice(0, MOST_CLAUSES)) {
    if (await exists(library, request, clause)) continue;
    const hint =
      sensorHint(library, request, clause.field) ?? (await valueHint(library, request, query, clause));
    if (hint !== undefined) hints.push(hint);
  }
  return hints;
}

function sensorHint(library: Library, { sensors }: SearchRequest, written: string): Hint | undefined {
  const field = library.names().resolve(written) ?? written;
  const own = library.fieldSensors(field);
  if (sensors === undefined || own.length === 0 || own.some((sensor) => sensors.includes(sensor)))
    return undefined;
  return {
    code: "other-sensor",
    text: `${field} is a field of ${own.slice(0, 3).join(", ")}${own.length > 3 ? " and others" : ""}, and the search is limited to ${sensors.slice(0, 3).join(", ")}${sensors.length > 3 ? " and others" : ""}.`,
  };
}

async function valueHint(
  library: Library,
  request: SearchRequest,
  query: Query,
  clause: FieldTerm | FieldPattern,
): Promise<Hint | undefined> {
  const propose = async (code: Hint["code"], other: Query, why: string): Promise<Hint | undefined> => {
    const better = replaced(query, clause, other);
    const count = await countOf(library, { ...request, query: better });
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
  const seen = await valuesWith(library, request, clause);
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
  library: Library,
  request: SearchRequest,
  { field, value }: FieldTerm,
): Promise<{ values: readonly string[]; isElsewhere: boolean }> {
  const anywhere: Query = { kind: "term", field: undefined, value };
  const recent = newest(library, request);
  const name = library.names().resolve(field) ?? field;
  const isThere: Query = { kind: "and", parts: [{ kind: "exists", field: name }, anywhere] };
  const page = { ...request, size: SAMPLE, total: false, sort: undefined, text: undefined };
  const { messages } = await searchPage(recent, { ...page, query: isThere }, new Set([name]));
  const values = messages.flatMap((message) => textsOf(message[name]));
  if (messages.length > 0) return { values, isElsewhere: true };
  const others = await searchPage(recent, { ...page, query: anywhere, size: 1 }, new Set([name]));
  return { values, isElsewhere: others.messages.length > 0 };
}

/** The library with its newest messages alone. */
function newest(library: Library, request: SearchRequest): Library {
  return {
    ...library,
    snapshot: () => {
      const { segments, blocks } = within(library.snapshot(), request);
      let rows = 0;
      const recent = segments
        .toSorted((a, b) => b.maxTime - a.maxTime)
        .filter((segment) => {
          const isRecent = rows < MOST_ROWS;
          rows += segment.rows;
          return isRecent;
        });
      return { segments: recent, blocks };
    },
  };
}

function textsOf(value: FieldValue | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return typeof value === "string" ? [value] : [];
}

async function exists(library: Library, request: SearchRequest, query: Query): Promise<boolean> {
  return (await countOf(library, { ...request, query }, "apart")) > 0;
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
