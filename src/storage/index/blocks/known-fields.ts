import { FieldNames } from "../../../query/fields.ts";
import type { FieldInfo, FieldType } from "../contract.ts";
import { fieldOfFormer, fieldOfTexts, isHidden } from "./block.ts";
import { type ColumnType, columnTypes, declaredType, isValueType } from "./column-type.ts";

/**
 * Names of fields without a column that are remembered, of one sensor and of all: hostile telemetry can make up new ones
 * without end. Fields with a column are always known: their number is limited where they get it.
 */
const MOST_OF_SENSOR = 5000;
const MOST_NAMES = 50_000;

/** The types are those of columns: what they are to users changes with what extensions declare. */
type Known = { types: Set<ColumnType>; sensors: Set<string> };

type OfSensor = { readonly columns: Set<string>; readonly together: Set<string>; hasMore: boolean };

/** The types that a column's values have. */
type ColumnFieldType = Exclude<FieldType, "mixed">;

/** Every field seen, with the types it has in which sensors. */
export class KnownFields {
  readonly #fields = new Map<string, Known>();
  readonly #sensors = new Map<string, OfSensor>();
  #names: FieldNames | undefined;
  #hasMore = false;

  /** Notes a field of a sensor, or of all; `type` is undefined where it is not known (fields without a column). */
  add(sensor: string | undefined, field: string, type: ColumnType | undefined): void {
    // A field without a column may be called like a column of ours.
    if (type !== undefined && isHidden(field)) {
      const texts = fieldOfTexts(field);
      const former = fieldOfFormer(field);
      if (texts !== undefined) this.add(sensor, texts, type);
      else if (former !== undefined) this.add(sensor, former, undefined);
      return;
    }
    if (sensor !== undefined && !this.#note(this.#of(sensor), field, type)) {
      this.more(sensor);
      return;
    }
    let known = this.#fields.get(field);
    if (known === undefined) {
      known = { types: new Set(), sensors: new Set() };
      this.#fields.set(field, known);
      this.#names = undefined;
    }
    if (sensor !== undefined) known.sensors.add(sensor);
    if (type !== undefined) known.types.add(type);
  }

  /** Notes the fields of a sensor's block or file. @param rest those without a column; undefined: too many to name. */
  addAll(
    sensor: string,
    columns: Iterable<{ readonly field: string; readonly type: ColumnType }>,
    rest: readonly string[] | undefined,
  ): void {
    for (const { field, type } of columns) this.add(sensor, field, type);
    if (rest === undefined) this.more(sensor);
    else for (const field of rest) this.add(sensor, field, undefined);
  }

  /** Notes that a sensor has fields without a column that are too many to name. */
  more(sensor: string): void {
    this.#of(sensor).hasMore = true;
    if (!this.#hasMore) this.#names = undefined;
    this.#hasMore = true;
  }

  get names(): FieldNames {
    this.#names ??= new FieldNames(this.#fields.keys(), !this.#hasMore);
    return this.#names;
  }

  /** The type of a field, by its stored name; undefined when no message has it. */
  type(field: string): FieldType | undefined {
    const known = this.#fields.get(field);
    return known && typeOf(field, known.types);
  }

  /** The sensors whose messages have a field, by its stored name. */
  sensors(field: string): readonly string[] {
    return [...(this.#fields.get(field)?.sensors ?? [])].sort();
  }

  /** How many fields of a sensor have a column, how many are kept together, and whether these are only those known by name. */
  counts(sensor: string): { fields: number; together: number; hasMore: boolean } {
    const { columns, together, hasMore } = this.#of(sensor);
    return { fields: columns.size + together.size, together: together.size, hasMore };
  }

  list(sensors: readonly string[] | undefined): FieldInfo[] {
    const found: FieldInfo[] = [];
    for (const [name, known] of this.#fields) {
      const own = [...known.sensors].filter((sensor) => sensors?.includes(sensor) ?? true).sort();
      if (own.length > 0 || known.sensors.size === 0)
        found.push({ name, type: typeOf(name, known.types), sensors: own });
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #of(sensor: string): OfSensor {
    let known = this.#sensors.get(sensor);
    if (known === undefined) {
      known = { columns: new Set(), together: new Set(), hasMore: false };
      this.#sensors.set(sensor, known);
    }
    return known;
  }

  /** Whether there is room for the name. */
  #note({ columns, together }: OfSensor, field: string, type: ColumnType | undefined): boolean {
    if (type !== undefined) {
      columns.add(field);
      together.delete(field);
      return true;
    }
    if (columns.has(field) || together.has(field)) return true;
    if (together.size >= MOST_OF_SENSOR) return false;
    if (this.#fields.size >= MOST_NAMES && !this.#fields.has(field)) return false;
    together.add(field);
    return true;
  }
}

/** What a field is declared as where its values are numbers or truths, and else what its column holds. */
function fieldTypeOf(field: string, type: ColumnType): ColumnFieldType {
  const declared = declaredType(field);
  return columnTypes[isValueType(declared) ? declared : type].field;
}

function typeOf(field: string, columns: ReadonlySet<ColumnType>): FieldType {
  const types = new Set([...columns].map((type) => fieldTypeOf(field, type)));
  const [only] = types;
  if (only === undefined) return "mixed";
  if (types.size === 1) return only;
  return [...types].every((type) => type === "long" || type === "double") ? "double" : "mixed";
}
