import { declaredField } from "../../../schema/declarations.ts";
import { meanings } from "../../../schema/meanings.ts";
import { declaredType } from "../blocks/column-type.ts";

/** Which indexed values a field has: what its values are compared as. */
export type FieldKind =
  /** The two fields with a place of their own. */
  | "guid"
  | "original"
  /** Declared as whole numbers, as other numbers, as addresses, as true or false. */
  | "whole"
  | "real"
  | "address"
  | "truth"
  /** Declared as texts, or not declared. */
  | "text";

/** Fields of one sensor that are found by their names; further ones are kept, and found as words. */
export const MOST_FIELDS = 2000;
/** Each name may stand in several objects of a document, and two workers may meet new ones at the same time. */
const MOST_MAPPED = 12_000;

const MOST_WINDOW = 10_001;

/**
 * What is searched of a message, beside the message itself, by objects of the document. A name may stand in several:
 *
 * - `text`: the canonical keys of values that are neither numbers of a field of numbers nor addresses of one of addresses.
 * - `raw`: texts that are spelt otherwise than their value in `text`, `whole`, `real` or `address`.
 * - `whole`: 64-bit numbers of fields declared so. `real`: other numbers, and those that texts of any field spell.
 * - `address`: addresses, of fields declared so and in texts of others.
 */
const OBJECTS = {
  text: { type: "keyword" },
  raw: { type: "keyword" },
  whole: { type: "long" },
  real: { type: "double" },
  address: { type: "ip" },
} as const;

export type ObjectName = keyof typeof OBJECTS;

/** What decides where the values of a field go. */
export function kindOf(field: string): FieldKind {
  if (field === "guid") return "guid";
  if (field === "original_string") return "original";
  switch (declaredType(field)) {
    case "int":
    case "long":
    case "time":
      return "whole";
    case "double":
      return "real";
    case "boolean":
      return "truth";
    case "text":
      return meaningOf(field)?.openSearch === "ip" ? "address" : "text";
    default:
      return "text";
  }
}

function meaningOf(field: string) {
  const meaning = declaredField(field)?.meaning;
  return meaning === undefined ? undefined : meanings[meaning].stored;
}

/** The object in which a field's own values stand, besides those that are odd. */
export function mainObject(kind: FieldKind): ObjectName {
  return kind === "whole" || kind === "real" || kind === "address" ? kind : "text";
}

/** A field of documents. */
export function path(object: ObjectName, part: string): string {
  return `${object}.${part}`;
}

export type IndexShape = {
  readonly shards: number;
  readonly replicas: number;
  /** How often what was written becomes searchable by itself. */
  readonly refresh: string;
};

/** The template of all indices of messages. Nothing is mapped by what a value looks like, so no two values are in conflict. */
export function messagesTemplate(pattern: string, alias: string, shape: IndexShape): object {
  const objects = Object.keys(OBJECTS);
  return {
    index_patterns: [pattern],
    priority: 500,
    _meta: { about: "Messages of Metron; the platform writes this template at each start." },
    template: {
      aliases: { [alias]: {} },
      settings: {
        number_of_shards: shape.shards,
        number_of_replicas: shape.replicas,
        refresh_interval: shape.refresh,
        "mapping.total_fields.limit": MOST_MAPPED,
        // A page, and one message more that tells whether there is another page.
        max_result_window: MOST_WINDOW,
        analysis: { normalizer: { caseless: { type: "custom", filter: ["lowercase"] } } },
      },
      mappings: {
        dynamic: "strict",
        date_detection: false,
        numeric_detection: false,
        dynamic_templates: Object.entries(OBJECTS).map(([name, mapping]) => ({
          [name]: { path_match: `${name}.*`, mapping },
        })),
        properties: {
          guid: { type: "keyword" },
          sensor: { type: "keyword" },
          time: { type: "date", format: "epoch_millis" },
          // Parts of words are found without reading every text, whatever their case.
          original: { type: "wildcard", normalizer: "caseless" },
          words: { type: "wildcard", normalizer: "caseless" },
          message: { type: "object", enabled: false },
          history: { type: "object", enabled: false },
          ...Object.fromEntries(objects.map((name) => [name, { type: "object", dynamic: true }])),
        },
      },
    },
  };
}

/** The settings and mapping of the index of what the platform notes for itself. */
export function internalIndex(replicas: number): object {
  return {
    settings: { number_of_shards: 1, number_of_replicas: replicas, hidden: true },
    mappings: {
      dynamic: "strict",
      properties: { kind: { type: "keyword" }, note: { type: "object", enabled: false } },
    },
  };
}
