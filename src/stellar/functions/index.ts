/** Every namespace of functions that need nothing but the language: one sorted line each. */
import { buildRegistry, type Namespace, type Registry, type StellarFunction } from "../function.ts";
import { binning } from "./binning.ts";
import { bloom } from "./bloom.ts";
import { collections } from "./collections.ts";
import { conversion } from "./conversion.ts";
import { dates } from "./dates.ts";
import { domains } from "./domains.ts";
import { encoding } from "./encoding.ts";
import { enrichment } from "./enrichment.ts";
import { entropy } from "./entropy.ts";
import { functional } from "./functional.ts";
import { geohash } from "./geohash.ts";
import { hashing } from "./hashing.ts";
import { hyperloglog } from "./hyperloglog.ts";
import { json } from "./json.ts";
import { maps } from "./maps.ts";
import { math } from "./math.ts";
import { network } from "./network.ts";
import { ordinal } from "./ordinal.ts";
import { outliers } from "./outliers.ts";
import { regexp } from "./regexp.ts";
import { sampling } from "./sampling.ts";
import { sets } from "./sets.ts";
import { statistics } from "./statistics.ts";
import { strings } from "./strings.ts";
import { text } from "./text.ts";
import { urls } from "./urls.ts";
import { validation } from "./validation.ts";

export const namespaces: readonly Namespace[] = [
  binning,
  bloom,
  collections,
  conversion,
  dates,
  domains,
  encoding,
  enrichment,
  entropy,
  functional,
  geohash,
  hashing,
  hyperloglog,
  json,
  maps,
  math,
  network,
  ordinal,
  outliers,
  sampling,
  regexp,
  sets,
  statistics,
  strings,
  text,
  urls,
  validation,
];

/** The functions above as one list, to be joined with those of services and users. */
export const functions: readonly StellarFunction[] = namespaces.flatMap((namespace) => namespace.functions);

/** A registry of these functions alone. */
export const standardRegistry: Registry = buildRegistry(functions);
