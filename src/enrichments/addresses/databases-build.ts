/**
 * Runs as a process of its own, because flattening takes some hundred megabytes that a thread would not give back:
 *
 *   node databases-build.ts geo|asn IPV4-FILE IPV6-FILE TARGET
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { asnFromCsv, asnFromMmdb } from "./asn/build.ts";
import type { AsnHandle } from "./asn/database.ts";
import type { DatabaseFiles } from "./databases.ts";
import { writeFlat } from "./flat-file.ts";
import type { GeoHandle } from "./geo/database.ts";
import { flattenMmdb } from "./geo/mmdb.ts";

/** Files of tar have a header of 512 bytes, with the name at 0 and the size in octal at 124, and are padded to 512. */
const TAR_BLOCK = 512;

const [kind = "", ipv4 = "", ipv6 = "", target = ""] = process.argv.slice(2);
try {
  writeFlat(target, kind === "asn" ? loadAsn({ ipv4, ipv6 }) : loadGeo({ ipv4, ipv6 }));
} catch (error) {
  process.stderr.write((error as Error).message);
  process.exitCode = 1;
}

function loadGeo({ ipv4, ipv6 }: DatabaseFiles): GeoHandle {
  const first = flattenMmdb(readDatabase(ipv4));
  return { ipv4: first, ipv6: ipv6 === ipv4 ? first : flattenMmdb(readDatabase(ipv6)) };
}

function loadAsn({ ipv4, ipv6 }: DatabaseFiles): AsnHandle {
  if (ipv4.endsWith(".csv")) return asnFromCsv(readFileSync(ipv4), readFileSync(ipv6));
  return asnFromMmdb(readDatabase(ipv4));
}

function readDatabase(file: string): Buffer {
  const bytes = readFileSync(file);
  if (!file.endsWith(".gz") && !file.endsWith(".tgz")) return bytes;
  const unpacked = gunzipSync(bytes);
  return file.endsWith(".tar.gz") || file.endsWith(".tgz") ? databaseInTar(unpacked) : unpacked;
}

function databaseInTar(tar: Buffer): Buffer {
  for (let at = 0; at + TAR_BLOCK <= tar.length; ) {
    const name = tar.toString("latin1", at, at + 100).replace(/\0.*$/s, "");
    const size = Number.parseInt(tar.toString("latin1", at + 124, at + 136), 8) || 0;
    const start = at + TAR_BLOCK;
    if (name.endsWith(".mmdb")) return tar.subarray(start, start + size);
    at = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
  throw new Error("the archive holds no .mmdb file");
}
