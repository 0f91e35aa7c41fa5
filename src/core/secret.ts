/**
 * Where a secret is: a file or a variable of the environment. A document names it as `secret: { file: PATH }` or
 * `secret: { env: NAME }`; its text is read where it is used, when it is used, and is in no document.
 */
export type SecretReference = { readonly file: string } | { readonly env: string };

/** A secret that a document names, and where in the part of it that is at hand. */
export type PlacedSecret = readonly [path: readonly string[], reference: SecretReference];

/** Variables of the environment that documents may name: others are not Metron's to hand out. */
export const SECRET_VARIABLE = /^METRON_SECRET_[A-Z0-9_]+$/;
