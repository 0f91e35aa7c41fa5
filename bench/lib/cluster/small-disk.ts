/** A small disk in memory, which can be filled. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

export type SmallDisk = Disposable & {
  /** A folder on it. */
  readonly folder: string;
  /** Takes all that is free, and again what somebody else frees meanwhile, until it is emptied. */
  readonly fill: () => Promise<void>;
  readonly empty: () => Promise<void>;
};

const CHUNK = new Uint8Array(1 << 16);
const AGAIN = 500;

/** Mounts a disk at a path that does not exist. Throws where this machine does not let us. */
export function openSmallDisk(path: string, megabytes: number): SmallDisk {
  mkdirSync(path, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path], { stdio: "pipe" });
  const folder = join(path, "stored");
  mkdirSync(folder);
  const ballast = join(path, "ballast");
  let again: NodeJS.Timeout | undefined;
  let filling = Promise.resolve();
  const fill = async () => {
    await using file = await open(ballast, "a");
    while (statfsSync(path).bavail > 0)
      try {
        await file.write(CHUNK.subarray(0, Math.min(CHUNK.length, statfsSync(path).bavail * 4096)));
      } catch {
        return;
      }
  };
  const empty = async () => {
    clearInterval(again);
    await filling;
    rmSync(ballast, { force: true });
  };
  const close = () => {
    process.off("exit", close);
    clearInterval(again);
    // What was killed a moment ago may still be leaving.
    execFileSync("umount", ["--lazy", path], { stdio: "pipe" });
    rmSync(path, { recursive: true, force: true });
  };
  process.once("exit", close);
  return {
    folder,
    async fill() {
      await fill();
      again = setInterval(() => {
        filling = filling.then(fill);
      }, AGAIN);
    },
    empty,
    [Symbol.dispose]: close,
  };
}
