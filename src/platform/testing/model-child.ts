/**
 * The victim of the test of models: has a model learn from some messages, says so once all that it learned is kept, and waits to be killed.
 *
 *   node model-child.ts DATA DEFAULTS RECORDS
 */
import { blockOf } from "../../core/block.ts";
import { readState } from "../../models/online/state.ts";
import { STATES, stateOf } from "../models/protocol.ts";
import { openPlatform } from "../platform.ts";

const [data = "", defaults = "", records = "[]"] = process.argv.slice(2);
const lines = JSON.parse(records) as string[];

// A test that gave up does not kill it.
setTimeout(() => process.exit(1), 100_000);

await using platform = await openPlatform({ data, defaults, sources: false });
await platform.ingest("web", blockOf(lines, Date.now()));
for (;;) {
  const kept = [...platform.tables.models.range(STATES)].map(({ value }) => stateOf(value));
  const states = kept.map((state) => readState(state ?? new Uint8Array()));
  if (states.some((state) => typeof state !== "string" && state.learned === lines.length)) break;
  await new Promise((done) => setTimeout(done, 50));
}
process.stdout.write("kept\n");
await new Promise(() => undefined);
