/**
 * Publishes documents one by one in a process of its own, whose calls are counted: run it with NODE_V8_COVERAGE.
 *
 *   node publish-child.ts DATA DEFAULTS CHANGES SENSOR...
 */

import type { Change } from "../../config/store.ts";
import { blockOf } from "../../core/block.ts";
import { openPlatform } from "../platform.ts";

const [data = "", defaults = "", changes = "", ...sensors] = process.argv.slice(2);

await using platform = await openPlatform({ data, defaults, sources: false });
/** A block for each worker, so that each opens its stages. */
async function send(): Promise<void> {
  for (const sensor of sensors)
    for (let worker = 0; worker < 2; worker++)
      await platform.ingest(sensor, blockOf(['{"n":1}'], Date.now()));
  await platform.caughtUp();
}

await send();
for (const change of JSON.parse(changes) as Change[]) {
  await platform.publish([change], { author: "test", at: Date.now() });
  await send();
}
