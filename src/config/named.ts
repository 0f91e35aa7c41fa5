import { z } from "zod";
import type { Components } from "./components.ts";

/**
 * Parts of documents that name components. What may be behind a name depends on the catalogue, which packages
 * extend, so the schema of a document only says which catalogue that is: opening checks the options, and walks over a
 * schema (for expressions, for its JSON Schema) look them up.
 */

/** What a schema's metadata says, under `PART`, of a part that names components. */
export type NamedPart = { readonly kind: keyof Components; readonly one: boolean };

export const PART = "components";

/** The part that a schema is; undefined for all others. */
export function namedPart(schema: z.core.$ZodType): NamedPart | undefined {
  return z.globalRegistry.get(schema)?.[PART] as NamedPart | undefined;
}

/** `{ NAME: options, ... }`: components of one kind; null stands for no options. */
export function named(kind: keyof Components) {
  return components.meta({ [PART]: { kind, one: false } satisfies NamedPart });
}

/** `{ NAME: options }`: exactly one component. */
export function oneNamed(kind: keyof Components) {
  return components
    .refine((value) => Object.keys(value).length === 1, "expected exactly one component")
    .meta({ [PART]: { kind, one: true } satisfies NamedPart });
}

/** `{ NAME: written, ... }`: components of a kind whose options need not be a map. */
export function namedFreely(kind: keyof Components) {
  return z.record(z.string(), z.unknown()).meta({ [PART]: { kind, one: false } satisfies NamedPart });
}

const components = z.record(
  z.string(),
  z
    .record(z.string(), z.unknown())
    .nullable()
    .transform((value) => value ?? {}),
);
