/**
 * A platform whose clock somebody sets while it runs: sends records whenever it is told to on standard input, and tells
 * on standard output what it then finds.
 *
 *   node clock-child.ts DATA DEFAULTS
 */
import { createInterface } from "node:readline";
import { blockOf } from "../../core/block.ts";
import { parse } from "../../query/parse.ts";
import { openPlatform } from "../platform.ts";

const [data = "", defaults = ""] = process.argv.slice(2);
const RECORDS = 50;

await using platform = await openPlatform({ data, defaults, sources: false });
let sent = 0;
process.stdout.write("up\n");
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") break;
  const records = Array.from({ length: RECORDS }, () => `{"n":${sent++}}`);
  await platform.ingest("web", blockOf(records, Date.now()));
  await platform.caughtUp();
  // Sealed by its age: nobody asks for it.
  for (let end = performance.now() + 20_000; performance.now() < end; ) {
    if ((await platform.index.stats()).hot === 0) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  await platform.index.retain([{ sensor: "*", age: 30 * 86_400_000 }]);
  const { hot } = await platform.index.stats();
  const [facet] = await platform.index.facets({ fields: ["guid"], size: 1 });
  const found = await platform.index.count({ query: parse("_exists_:n") });
  process.stdout.write(
    `${JSON.stringify({ year: new Date().getUTCFullYear(), found, hot, guids: facet?.distinct })}\n`,
  );
}
