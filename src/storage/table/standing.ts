import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TableReader } from "./contract.ts";
import { Filter } from "./filter.ts";
import { LmdbTableReader, openTableFile } from "./lmdb-reader.ts";

/** A table nobody has written yet. */
export function emptyTable(name: string): TableReader {
  return {
    name,
    get: () => undefined,
    range: () => [],
    lookup: () => ({ mightHave: () => false, mightHaveHashed: () => false, get: () => undefined }),
    version: () => 0,
    types: () => [],
    watch: async function* () {},
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Reads a table of a folder of tables that nobody writes at the moment; an empty one where it does not exist. */
export function openStandingTable(folder: string, name: string): TableReader {
  const path = join(folder, `${name}.mdb`);
  if (!existsSync(path)) return emptyTable(name);
  // The filter belongs to the platform that writes: this one lets every key pass.
  const filter = new Filter();
  filter.restore({ added: 0, words: new Uint32Array(16).fill(0xffffffff) });
  const changes = new SharedArrayBuffer(8);
  return new LmdbTableReader({ name, path, filter: filter.memory, changes }, openTableFile(path));
}
