/** Every namespace of functions that need nothing but the language: one sorted line each. */
import { buildRegistry, type Namespace, type Registry, type StellarFunction } from "../function.ts";
import { collections } from "./collections.ts";
import { conversion } from "./conversion.ts";
import { dates } from "./dates.ts";
import { functional } from "./functional.ts";
import { json } from "./json.ts";
import { maps } from "./maps.ts";
import { math } from "./math.ts";
import { ordinal } from "./ordinal.ts";
import { sets } from "./sets.ts";
import { strings } from "./strings.ts";
import { text } from "./text.ts";

export const namespaces: readonly Namespace[] = [
  collections,
  conversion,
  dates,
  functional,
  json,
  maps,
  math,
  ordinal,
  sets,
  strings,
  text,
];

/** The functions above as one list, to be joined with those of services and users. */
export const functions: readonly StellarFunction[] = namespaces.flatMap((namespace) => namespace.functions);

/** A registry of these functions alone. */
export const standardRegistry: Registry = buildRegistry(functions);
