import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { emptyMessage, type Message } from "../../core/message.ts";
import { encodeText } from "../../core/text.ts";
import { keysOf } from "../../schema/canonical.ts";
import type { Meaning } from "../../schema/meaning.ts";
import { isOnlyKey } from "../../schema/own-key.ts";
import { schema } from "../../schema/schema.ts";
import type { Lookup as TableLookup, TableReader, TableValue } from "../../storage/table/contract.ts";
import { hashSpan, lanes } from "../../storage/table/hash.ts";
import { fieldList } from "../define.ts";
import type { BytesTest, EnrichmentContext, Lookup } from "../enrichment.ts";

/** Lists of fields by the type that their values are looked up as: their whole names, or what follows the last dot. */
export const fieldsByType = z
  .record(z.string(), fieldList.describe("Fields whose values are looked up as this type."), {
    error: "expected lists of fields by type, such as { whois: [domain] }",
  })
  .describe("The lists of fields by the type of entry that their values are looked up as.");

/** `type -> fields` as `field -> types`. */
export function byField(byType: z.output<typeof fieldsByType>): Record<string, string[]> {
  const types = Object.create(null) as Record<string, string[]>;
  for (const [type, fields] of Object.entries(byType)) {
    for (const field of fields) {
      const known = Object.hasOwn(types, field) ? types[field] : undefined;
      if (known === undefined) types[field] = [type];
      else known.push(type);
    }
  }
  return types;
}

/**
 * Looks values up in a table as the types of their field; `add` puts what one entry says into what is known. Values are
 * compared by what they mean: each is looked up in its canonical form, in which lists are loaded, and failing that as
 * it is written, as entries of other origin may be.
 *
 * @param add gets the entry and whether a text is another spelling of the value.
 */
export function lookupTyped(
  config: { readonly table: string; readonly types: Readonly<Record<string, readonly string[]>> },
  context: EnrichmentContext,
  add: (known: Message, type: string, entry: TableValue, isValue: (text: string) => boolean) => void,
): Lookup {
  const typed = new TypedFields(config.table, config.types, context);
  return {
    filter: typed.filter,
    version: typed.version,
    lookup: (value, field) => {
      const { meaning, doors } = typed.field(field);
      const keys = keysOf(value, meaning);
      const isValue = (text: string) => keysOf(text, meaning).some((key) => keys.includes(key));
      const spellings = keys.map((text) => encodeText(text));
      let known: Message | undefined;
      for (const { type, lookup } of doors) {
        for (const bytes of spellings) {
          const entry = lookup.get(bytes, 0, bytes.length);
          if (entry === undefined) continue;
          known ??= emptyMessage();
          add(known, type, entry, isValue);
          break;
        }
      }
      return known;
    },
  };
}

/** One type of a table, ready for look-ups. */
type TypeDoor = { readonly type: string; readonly lookup: TableLookup };

/** What the values of a field mean, and the types they are looked up as. */
type TypedField = { readonly meaning: Meaning | undefined; readonly doors: readonly TypeDoor[] };

/** The types of a table by field. */
class TypedFields {
  readonly #table: TableReader;
  readonly #types: Readonly<Record<string, readonly string[]>>;
  readonly #fields = new Map<string, TypedField>();

  /** Throws a `Fault` TABLE_UNKNOWN when there is no such table. */
  constructor(name: string, types: Readonly<Record<string, readonly string[]>>, context: EnrichmentContext) {
    const table = context.table(name);
    if (table === undefined)
      throw new Fault("TABLE_UNKNOWN", `opening an enrichment: there is no table ${name}`);
    this.#table = table;
    this.#types = types;
  }

  /** A field with the types it is looked up as, in their order; none when the configuration does not name it. */
  field(name: string): TypedField {
    let field = this.#fields.get(name);
    if (field === undefined) {
      const types = this.#typesOf(name) ?? this.#typesOf(name.slice(name.lastIndexOf(".") + 1)) ?? [];
      const doors = types.map((type) => ({ type, lookup: this.#table.lookup(type) }));
      field = { meaning: schema.find(name)?.meaning, doors };
      this.#fields.set(name, field);
    }
    return field;
  }

  /** Tells of a key whether any type of the field may hold it, by the table's filter alone. */
  readonly filter = (name: string): BytesTest => {
    const { meaning, doors } = this.field(name);
    const lookups = doors.map((door) => door.lookup);
    const hasOneSpelling = isOnlyKey(meaning);
    return (bytes, start, end) => {
      // Another spelling of the value may be there; nearly all values have no other.
      if (!hasOneSpelling(bytes, start, end)) return true;
      hashSpan(bytes, start, end);
      const low = lanes[0] as number;
      const high = lanes[1] as number;
      for (let index = 0; index < lookups.length; index++) {
        if ((lookups[index] as TableLookup).mightHaveHashed(low, high)) return true;
      }
      return false;
    };
  };

  /** Changes when any of the types does. */
  readonly version = (): number => {
    let sum = 0;
    for (const { doors } of this.#fields.values()) {
      for (const { type } of doors) sum += this.#table.version(type);
    }
    return sum;
  };

  #typesOf(field: string): readonly string[] | undefined {
    return Object.hasOwn(this.#types, field) ? this.#types[field] : undefined;
  }
}
