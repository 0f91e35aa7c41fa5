import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { emptyMessage, type Message } from "../../core/message.ts";
import { encodeText } from "../../core/text.ts";
import { canonicalKey } from "../../schema/canonical.ts";
import { isOwnKey } from "../../schema/own-key.ts";
import type { Lookup as TableLookup, TableReader, TableValue } from "../../storage/table/contract.ts";
import { hashSpan, lanes } from "../../storage/table/hash.ts";
import { type BytesTest, type EnrichmentContext, fieldList, type Lookup } from "../enrichment.ts";

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
 */
export function lookupTyped(
  config: { readonly table: string; readonly types: Readonly<Record<string, readonly string[]>> },
  context: EnrichmentContext,
  add: (known: Message, type: string, entry: TableValue, key: string) => void,
): Lookup {
  const typed = new TypedFields(config.table, config.types, context);
  return {
    filter: typed.filter,
    version: typed.version,
    lookup: (value, field) => {
      const key = canonicalKey(value);
      const keys = (key === value ? [key] : [key, value]).map((text) => encodeText(text));
      let known: Message | undefined;
      for (const { type, lookup } of typed.doors(field)) {
        for (const bytes of keys) {
          const entry = lookup.get(bytes, 0, bytes.length);
          if (entry === undefined) continue;
          known ??= emptyMessage();
          add(known, type, entry, key);
          break;
        }
      }
      return known;
    },
  };
}

/** One type of a table, ready for look-ups. */
type TypeDoor = { readonly type: string; readonly lookup: TableLookup };

/** The types of a table by field. */
class TypedFields {
  readonly #table: TableReader;
  readonly #types: Readonly<Record<string, readonly string[]>>;
  readonly #doors = new Map<string, readonly TypeDoor[]>();

  /** Throws a `Fault` TABLE_UNKNOWN when there is no such table. */
  constructor(name: string, types: Readonly<Record<string, readonly string[]>>, context: EnrichmentContext) {
    const table = context.table(name);
    if (table === undefined)
      throw new Fault("TABLE_UNKNOWN", `opening an enrichment: there is no table ${name}`);
    this.#table = table;
    this.#types = types;
  }

  /** The types a field is looked up as, in their order; none when the configuration does not name it. */
  doors(field: string): readonly TypeDoor[] {
    let doors = this.#doors.get(field);
    if (doors === undefined) {
      const types = this.#typesOf(field) ?? this.#typesOf(field.slice(field.lastIndexOf(".") + 1)) ?? [];
      doors = types.map((type) => ({ type, lookup: this.#table.lookup(type) }));
      this.#doors.set(field, doors);
    }
    return doors;
  }

  /** Tells of a key whether any type of the field may hold it, by the table's filter alone. */
  readonly filter = (field: string): BytesTest => {
    const lookups = this.doors(field).map((door) => door.lookup);
    return (bytes, start, end) => {
      // Another spelling of the value may be there; nearly all values have no other.
      if (!isOwnKey(bytes, start, end)) return true;
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
    for (const doors of this.#doors.values()) {
      for (const { type } of doors) sum += this.#table.version(type);
    }
    return sum;
  };

  #typesOf(field: string): readonly string[] | undefined {
    return Object.hasOwn(this.#types, field) ? this.#types[field] : undefined;
  }
}
