/**
 * The victim of the crash test: ingests at full speed into the data folder it is given and tells on standard output
 * which records it has acknowledged, until it is killed. Every tenth record is one that nobody can read.
 *
 *   node crash-child.ts DATA DEFAULTS FIRST
 */
import { blockOf } from "../../core/block.ts";
import { openPlatform } from "../platform.ts";

const [data = "", defaults = "", first = "0"] = process.argv.slice(2);
const BLOCK = 200;
const IN_FLIGHT = 4;

await using platform = await openPlatform({ data, defaults, sources: false });
process.stdout.write("up\n");
let next = Number(first);
const flying = new Set<Promise<void>>();
for (;;) {
  const from = next;
  const records = Array.from({ length: BLOCK }, () => record(next++));
  const sent = platform.ingest("crash", blockOf(records, Date.now())).then(() => {
    // Only what is acknowledged is told; the pipe keeps it when this process dies.
    process.stdout.write(`${from} ${from + BLOCK}\n`);
    flying.delete(sent);
  });
  flying.add(sent);
  if (flying.size >= IN_FLIGHT) await Promise.race(flying);
}

function record(n: number): string {
  return n % 10 === 9
    ? `{"n":${n}, broken`
    : `{"n":${n},"ip_src_addr":"10.0.${n & 255}.1","text":"record number ${n}"}`;
}
