/** Every namespace of functions, with those that need a service: one sorted line each. */
import { buildRegistry, type Namespace, type Registry, type StellarFunction } from "../language/function.ts";
import { binning } from "./binning.ts";
import { bloom } from "./bloom.ts";
import { collections } from "./collections.ts";
import { configurationManagement } from "./configuration-management.ts";
import { conversion } from "./conversion.ts";
import { dates } from "./dates.ts";
import { domains } from "./domains.ts";
import { encoding } from "./encoding.ts";
import { enrichment } from "./enrichment.ts";
import { entropy } from "./entropy.ts";
import { localFiles, platformFiles } from "./files.ts";
import { functional } from "./functional.ts";
import { geohash } from "./geohash.ts";
import { hashing } from "./hashing.ts";
import { hyperloglog } from "./hyperloglog.ts";
import { indexingManagement } from "./indexing-management.ts";
import { json } from "./json.ts";
import { kafka } from "./kafka.ts";
import { maps } from "./maps.ts";
import { math } from "./math.ts";
import { models } from "./models.ts";
import { network } from "./network.ts";
import { ordinal } from "./ordinal.ts";
import { outliers } from "./outliers.ts";
import { packets } from "./packets.ts";
import { parserManagement } from "./parser-management.ts";
import { profiles } from "./profiles.ts";
import { regexp } from "./regexp.ts";
import { rest } from "./rest.ts";
import { sampling } from "./sampling.ts";
import { sets } from "./sets.ts";
import { shell } from "./shell.ts";
import { statistics } from "./statistics.ts";
import { strings } from "./strings.ts";
import { system } from "./system.ts";
import { text } from "./text.ts";
import { transformsManagement } from "./transforms-management.ts";
import { triageManagement } from "./triage-management.ts";
import { urls } from "./urls.ts";
import { validation } from "./validation.ts";

export const namespaces: readonly Namespace[] = [
  binning,
  bloom,
  collections,
  configurationManagement,
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
  indexingManagement,
  json,
  kafka,
  localFiles,
  maps,
  math,
  models,
  network,
  ordinal,
  outliers,
  packets,
  parserManagement,
  platformFiles,
  profiles,
  regexp,
  rest,
  sampling,
  sets,
  shell,
  statistics,
  strings,
  system,
  text,
  transformsManagement,
  triageManagement,
  urls,
  validation,
];

/** The functions above as one list, to be joined with those of services and users. */
export const functions: readonly StellarFunction[] = namespaces.flatMap((namespace) => namespace.functions);

/** A registry of these functions alone. */
export const standardRegistry: Registry = buildRegistry(functions);
