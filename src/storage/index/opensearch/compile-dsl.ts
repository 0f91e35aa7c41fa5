import { networkRange, parseAddress } from "../../../query/address.ts";
import { parseMoment } from "../../../query/moment.ts";
import { isFieldTerm, type Network, type Pattern, type Query, type Term } from "../../../query/tree.ts";
import { visit } from "../../../query/visit.ts";
import { canonicalKey } from "../../../schema/canonical.ts";
import { numberOf } from "../../../schema/number-of.ts";
import { ALL, type Dsl, type DslField, either, NEVER } from "./dsl.ts";
import { addressText, between, highNumber, lowNumber, numbersOf, rangeDsl } from "./dsl-range.ts";
import { mainObject, type ObjectName, path } from "./mapping.ts";
import { insideWildcard, isEverything, patternDsl } from "./pattern-dsl.ts";
import { cut } from "./values.ts";

/** The documents that a query is compiled for. */
export type DslFields = {
  /** A field by the name as written; undefined when no message has it. */
  field(written: string): DslField | undefined;
  /** For relative times, epoch milliseconds. */
  readonly now: number;
};

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Compiles a query to a condition of OpenSearch. What a user wrote stands in it as values alone, never as a part of the
 * language. A field that no message has matches nothing; NOT matches it.
 */
export function compileDsl(query: Query, fields: DslFields): Dsl {
  return visit<Dsl>(query, {
    all: () => ALL,
    and: (parts) => ({ bool: { filter: parts } }),
    or: (parts) => either(parts),
    not: (part) => ({ bool: { must_not: [part] } }),
    exists: ({ field }) => onField(fields, field, exists),
    term: (term) => (isFieldTerm(term) ? fieldTerm(term, fields) : anywhere(term)),
    pattern: (pattern) =>
      pattern.field === undefined ? anywherePattern(pattern) : fieldPattern(pattern, fields),
    range: (range) => onField(fields, range.field, (field) => rangeDsl(range, field, fields.now)),
    network: (network) => onField(fields, network.field, (field) => networkDsl(network, field, fields)),
  });
}

function onField(fields: DslFields, name: string, compile: (field: DslField) => Dsl): Dsl {
  const field = fields.field(name);
  return field === undefined ? NEVER : compile(field);
}

/** The objects in which a field's values stand, each value in one of them. */
export function objectsOf({ kind }: Pick<DslField, "kind">): readonly ObjectName[] {
  const main = mainObject(kind);
  return main === "text" ? ["text"] : [main, "text"];
}

/** That a message has a value of a field. */
export function exists(field: DslField): Dsl {
  if (field.kind === "guid") return ALL;
  const own = objectsOf(field).map((object) => ({ exists: { field: path(object, field.part) } }));
  return either([field.kind === "original" ? { exists: { field: "original" } } : undefined, ...own]);
}

function fieldTerm({ field: name, value }: Term & { readonly field: string }, fields: DslFields): Dsl {
  return onField(fields, name, (field) => {
    const key = canonicalKey(value);
    const text = (term: string): Dsl => ({ term: { [path("text", field.part)]: cut(term) } });
    switch (field.kind) {
      case "guid":
        return { term: { guid: value } };
      case "original":
        return either([contained("original", value), text(key)]);
      case "whole":
      case "real": {
        // What is equal to a whole number stands with the whole ones: the fractions there are texts that no value is equal to.
        const whole = field.kind === "whole" ? numberOf(value) : undefined;
        if (typeof whole === "bigint")
          return either([{ term: { [path("whole", field.part)]: whole } }, text(key)]);
        const end = { value, inclusive: true };
        const [low, high] = [lowNumber(end, fields.now), highNumber(end, fields.now)];
        const number = low && high && numbersOf(field, low, high);
        return either([number, text(key)]);
      }
      case "address": {
        const address = parseAddress(value);
        const equal = address && { term: { [path("address", field.part)]: addressText(address) } };
        return either([equal, text(key)]);
      }
      case "truth":
        return text(/^(?:true|false)$/i.test(value) ? value.toLowerCase() : key);
      case "text": {
        const texts = new Set([key, ...otherForms(value)]);
        // A day is one of numbers that count time; as a text it is only itself.
        const isTime = (field.type === "long" || field.type === "double") && numberOf(value) === undefined;
        const moment = isTime ? parseMoment(value, fields.now) : undefined;
        const times = moment && {
          range: { [path("real", field.part)]: { gte: moment.from, lt: moment.to } },
        };
        return either([...[...texts].map(text), times]);
      }
    }
  });
}

/** How a number or a truth that came as such stands among texts. */
function otherForms(value: string): string[] {
  const number = numberOf(value);
  if (number !== undefined) return [String(number)];
  return /^(?:true|false)$/i.test(value) ? [value.toLowerCase()] : [];
}

/** A word anywhere: in the original, or in a text that is no part of it. */
function anywhere({ value }: Term): Dsl {
  const forms = [...new Set([value, canonicalKey(value)])];
  return either([
    GUID.test(value) ? { term: { guid: value } } : undefined,
    ...forms.flatMap((form) => [contained("original", form), contained("words", form)]),
  ]);
}

function contained(where: "original" | "words", value: string): Dsl {
  return insideWildcard(where, [{ kind: "text", text: value }]);
}

function anywherePattern(pattern: Pattern): Dsl {
  return either([
    insideWildcard("original", pattern.parts, pattern),
    insideWildcard("words", pattern.parts, pattern),
  ]);
}

function fieldPattern(pattern: Pattern & { readonly field?: string | undefined }, fields: DslFields): Dsl {
  return onField(fields, pattern.field ?? "", (field) => {
    if (isEverything(pattern)) return exists(field);
    if (field.kind === "guid") return patternDsl(["guid"], [], pattern);
    const texts = [path("text", field.part), path("raw", field.part)];
    const main = mainObject(field.kind);
    const values = patternDsl(texts, main === "text" ? [] : [path(main, field.part)], pattern);
    return field.kind === "original"
      ? either([insideWildcard("original", pattern.parts, pattern), values])
      : values;
  });
}

function networkDsl({ address, bits, field: name }: Network, field: DslField, fields: DslFields): Dsl {
  const ends = networkRange(address, bits);
  if (ends === undefined) return NEVER;
  if (ends.first === ends.last) return fieldTerm({ kind: "term", field: name, value: address }, fields);
  if (field.kind !== "address" && field.kind !== "text") return NEVER;
  const limit = (value: bigint) => ({ value, inclusive: true });
  return between(path("address", field.part), ends.family, limit(ends.first), limit(ends.last));
}
