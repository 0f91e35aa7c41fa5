import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeContext, silentLog } from "../../src/core/context.ts";
import { openPlatform, type Platform } from "../../src/platform/platform.ts";

/** A platform that begins empty, with the sensor of packets that the product ships, in memory: it is not the disk that is measured. */
export async function packetPlatform(): Promise<{
  readonly folder: string;
  readonly platform: Platform;
  close(): Promise<void>;
}> {
  const folder = mkdtempSync("/dev/shm/metron-packets-");
  const defaults = join(folder, "defaults");
  mkdirSync(join(defaults, "sensors"), { recursive: true });
  writeFileSync(join(defaults, "metron.yaml"), "workers: 1\n");
  const shipped = join(import.meta.dirname, "../../config/sensors/pcap.yaml");
  cpSync(shipped, join(defaults, "sensors/pcap.yaml"));
  const log = { ...silentLog, error: console.error, warn: console.warn };
  const context = makeContext({ log });
  const platform = await openPlatform({ data: join(folder, "data"), defaults, sources: false, context });
  await platform.ready();
  return {
    folder,
    platform,
    async close() {
      await platform[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
