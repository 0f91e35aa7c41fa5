import type { Field } from "./field.ts";
import { families } from "./fields/index.ts";

/** What patterns are made of: any characters, or a number. */
const WILD = /[*#]/g;

/** The declared fields, found by the name that a message has. Of two declarations of one name the first counts. */
export class Schema {
  readonly #byName = new Map<string, Field>();
  readonly #patterns: { readonly pattern: RegExp; readonly field: Field }[] = [];

  constructor(fields: Iterable<Field>) {
    for (const field of fields) {
      if (this.#byName.has(field.name)) continue;
      this.#byName.set(field.name, field);
      if (isPattern(field)) this.#patterns.push({ pattern: patternOf(field.name), field });
    }
    // What says more of a name goes before what says less.
    this.#patterns.sort((one, other) => plainLength(other.field.name) - plainLength(one.field.name));
  }

  /** What is declared of a field, by its name or by the pattern that says most of it; undefined when nothing is. */
  find(name: string): Field | undefined {
    const declared = this.#byName.get(name);
    if (declared !== undefined) return declared;
    return this.#patterns.find(({ pattern }) => pattern.test(name))?.field;
  }

  /** Every declaration, patterns too. */
  [Symbol.iterator](): IterableIterator<Field> {
    return this.#byName.values();
  }
}

/** The fields that come with the program. */
export const schema = new Schema(families.flatMap(({ fields }) => fields));

/** Whether a declaration is one of many names. */
export function isPattern({ name }: Field): boolean {
  return name.includes("*") || name.includes("#");
}

/**
 * Declarations for a parser that writes these fields of the schema; one that means something more special by a field
 * says so with a sentence of its own: `["protocol", "Transport protocol."]`.
 */
export function declared(...names: readonly (string | readonly [name: string, about: string])[]): Field[] {
  return names.map((entry) => {
    const [name, about] = typeof entry === "string" ? [entry] : entry;
    const field = schema.find(name);
    if (field === undefined) throw new Error(`no field \`${name}\` is declared in src/schema/fields`);
    return { ...field, name, about: about ?? field.about };
  });
}

function patternOf(name: string): RegExp {
  const escaped = name.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replace(WILD, (sign) => (sign === "*" ? ".+" : "\\d+"))}$`, "s");
}

function plainLength(name: string): number {
  return name.replace(WILD, "").length;
}
