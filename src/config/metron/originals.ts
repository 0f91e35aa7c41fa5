/**
 * Where the original reads something in a way that a new sensor should not, our default is the better reading and an
 * option asks for the original's. These tables name those options: an import writes them, so that an imported
 * configuration does what it did; an export leaves them out, as the original has no word for them.
 */
type Json = Record<string, unknown>;
type Originals = Readonly<Record<string, Readonly<Json>>>;

/** By the name of the validation. */
export const ORIGINAL_VALIDATIONS: Originals = {
  IP: { require: "any" },
  DATE: { endsAtAbsent: true },
};

/** The options of a component as an import writes them: what is written already stays. */
export function withOriginals(table: Originals, name: string, options: Json | undefined): Json | undefined {
  const originals = table[name];
  return originals === undefined ? options : { ...originals, ...options };
}

/** The options of a component as an export writes them. */
export function withoutOriginals(table: Originals, name: string, options: Json): Json {
  const originals = table[name] ?? {};
  return Object.fromEntries(
    Object.entries(options).filter(
      ([option, value]) => JSON.stringify(originals[option]) !== JSON.stringify(value),
    ),
  );
}
