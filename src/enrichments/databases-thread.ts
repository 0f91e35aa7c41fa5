/** Runs as a thread of its own: reads and flattens the databases it is told, one message each. */
import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { gunzipSync } from "node:zlib";
import { asnFromCsv, asnFromMmdb } from "./asn/build.ts";
import type { AsnHandle } from "./asn/database.ts";
import type { DatabaseFiles, LoadAnswer, LoadRequest } from "./databases.ts";
import type { GeoHandle } from "./geo/database.ts";
import { flattenMmdb } from "./geo/mmdb.ts";

/** Files of tar have a header of 512 bytes, with the name at 0 and the size in octal at 124, and are padded to 512. */
const TAR_BLOCK = 512;

const request = workerData as LoadRequest;
if (request.asn !== undefined) answer(request.asn, (files) => ({ loaded: { asn: loadAsn(files) } }));
if (request.geo !== undefined) answer(request.geo, (files) => ({ loaded: { geo: loadGeo(files) } }));

function answer(files: DatabaseFiles, load: (files: DatabaseFiles) => LoadAnswer): void {
  let message: LoadAnswer;
  try {
    message = load(files);
  } catch (error) {
    message = { unreadable: files.ipv4, reason: (error as Error).message };
  }
  parentPort?.postMessage(message);
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
