import { FieldNames } from "../../query/fields.ts";
import type { FieldInfo, FieldType } from "../contract.ts";
import { type ColumnType, isHidden } from "./block.ts";

/** Names that a listing stops at: hostile telemetry can make up new ones without end. */
const MOST_NAMES = 50_000;

type Known = { types: Set<ColumnType>; sensors: Set<string> };

/** Every field seen, with the types it has in which sensors. */
export class KnownFields {
  readonly #fields = new Map<string, Known>();
  #names: FieldNames | undefined;

  /** Notes a field of a sensor, or of all; `type` is undefined where it is not known (fields without a column). */
  add(sensor: string | undefined, field: string, type: ColumnType | undefined): void {
    if (isHidden(field)) return;
    let known = this.#fields.get(field);
    if (known === undefined) {
      if (this.#fields.size >= MOST_NAMES) return;
      known = { types: new Set(), sensors: new Set() };
      this.#fields.set(field, known);
      this.#names = undefined;
    }
    if (sensor !== undefined) known.sensors.add(sensor);
    if (type !== undefined) known.types.add(type);
  }

  get names(): FieldNames {
    this.#names ??= new FieldNames(this.#fields.keys());
    return this.#names;
  }

  /** The type of a field, by its stored name; undefined when no message has it. */
  type(field: string): FieldType | undefined {
    const known = this.#fields.get(field);
    return known && typeOf(known.types);
  }

  /** The sensors whose messages have a field, by its stored name. */
  sensors(field: string): readonly string[] {
    return [...(this.#fields.get(field)?.sensors ?? [])].sort();
  }

  list(sensors: readonly string[] | undefined): FieldInfo[] {
    const found: FieldInfo[] = [];
    for (const [name, known] of this.#fields) {
      const own = [...known.sensors].filter((sensor) => sensors?.includes(sensor) ?? true).sort();
      if (own.length > 0 || known.sensors.size === 0)
        found.push({ name, type: typeOf(known.types), sensors: own });
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function typeOf(types: ReadonlySet<ColumnType>): FieldType {
  const [only] = types;
  if (only === undefined) return "mixed";
  if (types.size === 1) return only;
  return [...types].every((type) => type === "long" || type === "double") ? "double" : "mixed";
}
