import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { MEASUREMENTS, measuredValue } from "../../profiles/measurements.ts";
import type { Platform } from "../platform.ts";
import { found, send, testPlatforms } from "../testing/test-platform.ts";

const MINUTE = 60_000;
const PROFILES = `
timestampField: timestamp
period: 1 minute
lateness: none
ttl: 1 day
profiles:
  - profile: count
    foreach: ip
    init: { count: 0, largest: 0 }
    update: { count: count + 1, largest: n }
    result: { profile: "[count, largest]", triage: { count: count } }
`;

/** Starts a victim and kills it that many milliseconds after it is up. */
async function victim(data: string, defaults: string, first: number, life: number): Promise<void> {
  const script = join(import.meta.dirname, "..", "testing", "profile-child.ts");
  const child = spawn(process.execPath, [script, data, defaults, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout }))
    if (line === "up") void delay(life).then(() => child.kill("SIGKILL"));
  expect(await ended).toEqual([null, "SIGKILL"]);
}

/** What is stored of measurements, by `ENTITY PERIOD`. */
function measured(platform: Platform): Map<string, unknown> {
  const all = new Map<string, unknown>();
  for (const { key, value } of platform.tables.profiler.range(MEASUREMENTS)) {
    const parts = key.split("\0");
    if (!(value instanceof Uint8Array)) throw new Error(`${key} has no measurement`);
    all.set(`${parts[1]} ${Number.parseInt(parts.at(-1) ?? "", 36)}`, measuredValue(value));
  }
  return all;
}

test("killed at random moments, no period is lost or doubled, nor what goes to triage of it", {
  timeout: 180_000,
}, async () => {
  using platforms = testPlatforms({
    global: "workers: 2\nseal: { seconds: 0.2, rows: 20000 }\n",
    sensors: { web: "sensor: web\npartitions: 1\nparser: { jsonMap: {} }\n" },
  });
  {
    await using platform = await platforms.open();
    await platform.publish([{ kind: "profiles", name: "profiles", text: PROFILES }], {
      author: "test",
      at: 1,
    });
  }
  let random = Date.now() >>> 0;
  const seed = random;
  const rounds = 4;
  for (let round = 0; round < rounds; round++) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    await victim(
      platforms.data,
      join(platforms.folder, "defaults"),
      round * 1_000_000,
      (random / 2 ** 32) * 3000,
    );
  }
  await using platform = await platforms.open();
  await platform.ready();
  await platform.caughtUp();
  // Entities for every partition of the routes, long after all others.
  const late = 1_700_000_000_000 + rounds * 20_000_000_000;
  const last = Array.from({ length: 50 }, (_, n) => JSON.stringify({ timestamp: late, ip: `last ${n}` }));
  await send(platform, last);
  await platform.caughtUp();

  // A plain recount of what the index has, which is tested elsewhere.
  const expected = new Map<string, [number, number]>();
  for (const { timestamp, ip, n } of await found(platform, "_exists_:n", "web", ["timestamp", "ip", "n"])) {
    const key = `${ip} ${Math.floor(Number(timestamp) / MINUTE)}`;
    const [count, largest] = expected.get(key) ?? [0, 0];
    expected.set(key, [count + 1, Math.max(largest, Number(n))]);
  }
  expect(expected.size, `seed ${seed}`).toBeGreaterThan(1000);
  while (measured(platform).size < expected.size) await delay(100);
  await platform.caughtUp();
  const found_ = measured(platform);
  expect(new Map([...found_].sort()), `seed ${seed}`).toEqual(new Map([...expected].sort()));

  const sent = new Map<string, number>();
  let triage = await found(platform, "", "profiler", ["entity", "period", "count"]);
  while (triage.length < expected.size) {
    await delay(100);
    triage = await found(platform, "", "profiler", ["entity", "period", "count"]);
  }
  for (const { entity, period } of triage) {
    const key = `${entity} ${period}`;
    sent.set(key, (sent.get(key) ?? 0) + 1);
  }
  expect(
    [...sent].filter(([, times]) => times !== 1),
    `seed ${seed}`,
  ).toEqual([]);
  expect(sent.size).toBe(expected.size);
});
