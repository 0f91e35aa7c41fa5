/** Every namespace of functions that need nothing but the language: one sorted line each. */
import { buildRegistry, type Namespace, type Registry, type StellarFunction } from "../function.ts";
import { math } from "./math.ts";

export const namespaces: readonly Namespace[] = [
  math, //
];

/** The functions above as one list, to be joined with those of services and users. */
export const functions: readonly StellarFunction[] = namespaces.flatMap((namespace) => namespace.functions);

/** A registry of these functions alone. */
export const standardRegistry: Registry = buildRegistry(functions);
