import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { testPlatforms } from "./testing/test-platform.ts";

/** Kills aimed at what is not ingest: publishing, and loading indicators that must be there for good once acknowledged. */

const INDICATORS = 3000;

/** Starts a victim, kills it soon after it began `what` for the second time, and answers the last round of each thing said. */
async function victim(
  { data, folder }: { data: string; folder: string },
  first: number,
  what: string,
  after: number,
): Promise<Map<string, number>> {
  const script = join(import.meta.dirname, "testing", "kill-child.ts");
  const child = spawn(process.execPath, [script, data, join(folder, "defaults"), String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const said = new Map<string, number>();
  let begun = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [word = "", round = ""] = line.split(" ");
    said.set(word, Number(round));
    if (word === what && ++begun === 2) void delay(after).then(() => child.kill("SIGKILL"));
  }
  expect(await ended).toEqual([null, "SIGKILL"]);
  return said;
}

test("killed while it publishes or loads indicators, the platform has all of it or nothing, and what it acknowledged", {
  timeout: 180_000,
}, async () => {
  using platforms = testPlatforms({ global: "workers: 1\n" });
  let first = 1;
  const acknowledged = new Set<number>();
  for (const [what, after] of [
    ["publishing", 1],
    ["adding", 4],
    ["replacing", 6],
  ] as const) {
    const said = await victim(platforms, first, what, after);
    for (let round = first; round <= (said.get("added") ?? 0); round++) acknowledged.add(round);
    await using platform = await platforms.open();
    const global = platform.config.get("global", "global")?.text ?? "";
    const sensor = platform.config.get("sensor", "web")?.text ?? "";
    const published = Number(/round: (\d+)/.exec(global)?.[1]);
    expect(sensor).toContain(`round: ${published} `);
    const begun = said.get("publishing") ?? 0;
    expect(published).toBeGreaterThanOrEqual(said.get("published") ?? 0);
    expect(published).toBeLessThanOrEqual(begun);

    const table = platform.tables.threatIntel;
    for (const round of acknowledged) {
      for (const last of [0, INDICATORS - 1]) {
        const indicator = `10.${round & 255}.${last >> 8}.${last & 255}`;
        expect(table.get("added", indicator), `added in round ${round}`).toMatchObject({
          round: String(round),
        });
      }
    }
    const rounds = new Set<unknown>();
    let count = 0;
    for (const { value } of table.range("replaced", {})) {
      rounds.add((value as { round?: unknown }).round);
      count++;
    }
    // One load whole, whichever was the last: none is mixed with another.
    expect([...rounds]).toHaveLength(1);
    expect(count).toBe(INDICATORS);
    expect(Number([...rounds][0])).toBeGreaterThanOrEqual(said.get("replaced") ?? 0);
    first = Math.max(...said.values()) + 1;
  }
});
