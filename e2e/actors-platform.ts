/**
 * Runs as a process of its own: a platform whose requests are made by whom their header `x-actor` says. Accounts will say it one day; what
 * each may see is decided behind that, and tested here.
 */
import { join } from "node:path";
import { type Actor, LOCAL } from "../src/core/actor.ts";
import { openPlatform } from "../src/platform/platform.ts";
import { ROOT } from "../src/platform/version.ts";
import { startServer } from "../src/server/server.ts";

const [data = "", defaults = ""] = process.argv.slice(2);
const platform = await openPlatform({ data, defaults, sources: false, workers: 1 });
const server = await startServer(platform, {
  host: "127.0.0.1",
  port: 0,
  ui: join(ROOT, "build", "ui"),
  actorOf: ({ headers }) =>
    typeof headers["x-actor"] === "string" ? (JSON.parse(headers["x-actor"]) as Actor) : LOCAL,
});
await platform.ready();
process.stdout.write(`Metron is up: ${server.url}\n`);
