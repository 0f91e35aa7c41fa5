import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The ways through the house that are counted. */
export type Trip = "record" | "seal" | "search" | "publish";

/** A sensor with something of every stage; the number makes each document another. */
export function tripDocument(port: number, number: number): string {
  return `sensor: line
source: { syslog: { port: ${port}, host: 127.0.0.1 } }
parser: { syslog3164: {} }
transforms:
  - STELLAR: { address: "SUBSTRING(original_string, 35, 43)", number: "${number}" }
enrichments: { host: [address] }
threatIntel: { malicious_ip: [address], stellar: { is_alert: "true" } }
triage: { aggregator: MAX, rules: [ { name: rule, rule: "LENGTH(original_string) > 5", score: 10 } ] }
`;
}

/** Sensors that a publish of another one should leave alone. */
const OTHERS = 19;

/** The functions a trip calls: those whose calls are more by its rounds when it is made than when it is not. */
export async function functionsOf(trip: Trip, rounds = 10): Promise<Set<string>> {
  const without = await callsOf(trip, 0);
  const found = new Set<string>();
  for (const [name, calls] of await callsOf(trip, rounds))
    if (calls - (without.get(name) ?? 0) >= rounds) found.add(name);
  return found;
}

/** How often each function was called, in all threads, as `file:start`. */
async function callsOf(trip: Trip, rounds: number): Promise<Map<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), "metron-trips-"));
  using _remove = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const port = await freePort();
  const sensors = join(folder, "defaults", "sensors");
  mkdirSync(sensors, { recursive: true });
  writeFileSync(
    join(folder, "defaults", "metron.yaml"),
    "workers: 2\nhosts: [ { ip: 10.0.0.1, local: YES, type: server, asset_value: important } ]\n",
  );
  writeFileSync(join(sensors, "line.yaml"), tripDocument(port, 0));
  for (let other = 0; other < OTHERS; other++)
    writeFileSync(join(sensors, `other${other}.yaml`), `sensor: other${other}\nparser: { jsonMap: {} }\n`);
  const coverage = join(folder, "coverage");
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "trip-child.ts"), folder, String(port), trip, String(rounds)],
    { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, NODE_V8_COVERAGE: coverage } },
  );
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`counting the trip ${trip}: the process ended with ${code}`);
  const calls = new Map<string, number>();
  for (const file of readdirSync(coverage)) {
    const { result } = JSON.parse(readFileSync(join(coverage, file), "utf8")) as Coverage;
    for (const { url, functions } of result) {
      const source = /\/(src\/.*)$/.exec(url)?.[1];
      if (source === undefined) continue;
      for (const { ranges } of functions) {
        const [whole] = ranges;
        if (whole === undefined) continue;
        const name = `${source}:${whole.startOffset}`;
        calls.set(name, (calls.get(name) ?? 0) + whole.count);
      }
    }
  }
  return calls;
}

type Coverage = {
  result: { url: string; functions: { ranges: { startOffset: number; count: number }[] }[] }[];
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
