/**
 * The victim of the test of profiles: ingests at full speed into the data folder it is given, until it is killed. Time in the records goes on
 * by 20 ms with each.
 *
 *   node profile-child.ts DATA DEFAULTS FIRST
 */
import { blockOf } from "../../core/block.ts";
import { openPlatform } from "../platform.ts";

const [data = "", defaults = "", first = "0"] = process.argv.slice(2);
const BLOCK = 200;
const IN_FLIGHT = 4;
const BEGIN = 1_700_000_000_000;
const ENTITIES = 1000;

await using platform = await openPlatform({ data, defaults, sources: false });
process.stdout.write("up\n");
let next = Number(first);
const flying = new Set<Promise<void>>();
for (;;) {
  const records = Array.from({ length: BLOCK }, () => record(next++));
  const sent = platform.ingest("web", blockOf(records, Date.now())).then(() => {
    flying.delete(sent);
  });
  flying.add(sent);
  if (flying.size >= IN_FLIGHT) await Promise.race(flying);
}

function record(n: number): string {
  return JSON.stringify({ timestamp: BEGIN + n * 20, ip: `10.0.0.${(n * 7919) % ENTITIES}`, n });
}
