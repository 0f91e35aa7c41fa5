/**
 * The victim of the test of kills at publishing and at loading indicators: does both in turn for ever, and tells on
 * standard output what it begins and what it was acknowledged.
 *
 *   node kill-child.ts DATA DEFAULTS FIRST
 */
import { Readable } from "node:stream";
import { LOCAL } from "../../core/actor.ts";
import { openPlatform } from "../platform.ts";

const [data = "", defaults = "", first = "0"] = process.argv.slice(2);
const INDICATORS = 3000;

const say = (what: string, round: number) => void process.stdout.write(`${what} ${round}\n`);
const csv = (from: number) =>
  Readable.from([
    "indicator,round\n",
    ...Array.from({ length: INDICATORS }, (_, n) => `10.${from & 255}.${n >> 8}.${n & 255},${from}\n`),
  ]);

await using platform = await openPlatform({ data, defaults, sources: false });
for (let round = Number(first); ; round++) {
  say("publishing", round);
  await platform.publish(
    [
      { kind: "global", name: "global", text: `workers: 1\nglobal: { round: ${round} }\n` },
      {
        ...{ kind: "sensor", name: "web" },
        text: `sensor: web\nparser: { jsonMap: {} }\nvariables: { all: { round: ${round} } }\n`,
      },
    ],
    { author: "test", at: Date.now() },
  );
  say("published", round);
  say("adding", round);
  await platform.intel.load({
    actor: LOCAL,
    type: "added",
    column: "indicator",
    replace: false,
    input: csv(round),
  });
  say("added", round);
  say("replacing", round);
  await platform.intel.load({
    actor: LOCAL,
    type: "replaced",
    column: "indicator",
    replace: true,
    input: csv(round),
  });
  say("replaced", round);
}
