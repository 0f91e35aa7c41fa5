import { spawn } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { LOCAL } from "../core/actor.ts";
import { numbers, testPlatforms, upTo } from "./testing/test-platform.ts";

/** A real process under a clock that jumps (libfaketime). */

const [library] = globSync("/usr/lib/*/faketime/libfaketimeMT.so.1");
if (library === undefined) {
  if (process.env.CI === "true") throw new Error("faketime is missing: apt-get install faketime");
  console.log(
    "tests of a clock that jumps: left out, faketime is missing (Debian: apt-get install faketime)",
  );
}

test.skipIf(library === undefined)(
  "a clock that jumps back and forward loses and doubles nothing, keeps nothing from the disk and makes nothing too old",
  { timeout: 120_000 },
  async () => {
    using platforms = testPlatforms({ global: "workers: 1\nseal: { seconds: 1 }\n" });
    const clock = join(platforms.folder, "clock");
    const set = (time: string) => writeFileSync(clock, `@${time}\n`);
    set("2026-11-21 12:00:00");
    const script = join(import.meta.dirname, "testing", "clock-child.ts");
    const child = spawn(process.execPath, [script, platforms.data, join(platforms.folder, "defaults")], {
      stdio: ["pipe", "pipe", "inherit"],
      env: {
        ...process.env,
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: "1",
        // Timers go by this one, which no one can set.
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
        TZ: "UTC",
      },
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => (await lines.next()).value as string;
    expect(await next()).toBe("up");
    let sent = 0;
    for (const time of [
      "2026-11-21 12:00:00",
      "2025-01-01 00:00:00",
      "2026-11-21 12:10:00",
      "2036-11-21 12:00:00",
    ]) {
      set(time);
      child.stdin.write("send\n");
      sent += 50;
      expect(JSON.parse(await next())).toEqual({
        ...{ year: Number(time.slice(0, 4)), found: sent, hot: 0, guids: sent },
      });
    }
    child.stdin.end("end\n");
    await new Promise((done) => child.once("exit", done));

    // What was stored under those clocks is made again all the same.
    const files = globSync("index/sensor=web/**/*.parquet", { cwd: platforms.data });
    for (const file of files) {
      const path = join(platforms.data, file);
      writeFileSync(path, readFileSync(path).fill(0xa5, 0, 2000));
    }
    await using platform = await platforms.open();
    platform.rebuild.start({ withCurrent: false, forgetLost: false }, LOCAL);
    await expect.poll(() => platform.rebuild.state.state, { timeout: 30_000 }).toBe("finished");
    expect(platform.rebuild.state).toMatchObject({ written: sent, lost: [] });
    expect(await numbers(platform)).toEqual(upTo(sent));
  },
);
