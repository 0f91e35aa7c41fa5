/**
 * Makes one kind of trip again and again in a process of its own, whose calls are counted: run it with NODE_V8_COVERAGE.
 *
 *   node trip-child.ts FOLDER PORT TRIP ROUNDS
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openPlatform } from "../../src/platform/platform.ts";
import { parse } from "../../src/query/parse.ts";
import { startServer } from "../../src/server/server.ts";
import { type Trip, tripDocument } from "./trips.ts";

const [folder = "", port = "", trip = "", rounds = ""] = process.argv.slice(2);

await using platform = await openPlatform({
  data: `${folder}/data`,
  defaults: `${folder}/defaults`,
  sources: true,
});
await using server = await startServer(platform, { host: "127.0.0.1", port: 0, ui: folder });
await platform.ready();
const line = connect(Number(port), "127.0.0.1");
await once(line, "connect");
let sent = 0;

const trips: Record<Trip, () => Promise<void>> = {
  async record() {
    const marker = `marker${++sent}`;
    line.write(`<134>Oct  9 22:33:44 host app: from 10.0.0.1 ${marker}\n`);
    const query = parse(`original_string:*${marker}*`);
    while ((await platform.index.search({ query, sensors: ["line"], size: 1 })).messages.length === 0)
      await sleep(5);
  },
  async seal() {
    await trips.record();
    await platform.seal();
  },
  async search() {
    const answer = await fetch(`${server.url}/api/v1/search`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "threat.triage.score:>=10", sensors: ["line"], size: 10 }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    await answer.text();
  },
  async publish() {
    const text = tripDocument(Number(port), ++sent);
    await platform.publish([{ kind: "sensor", name: "line", text }], { author: "bench", at: Date.now() });
  },
};

// What happens once, such as loading and compiling the stages in each worker, is done with before the counting tells anything.
for (const one of ["publish", "record", "seal", "search"] as const)
  for (let time = 0; time < 6; time++) await trips[one]();
for (let round = 0; round < Number(rounds); round++) await trips[trip as Trip]();
line.destroy();
