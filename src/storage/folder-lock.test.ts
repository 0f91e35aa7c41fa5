import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockFolder } from "./folder-lock.ts";

test.skipIf(process.platform !== "linux")(
  "a dead process that nobody has buried holds no folder",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "metron-lock-"));
    // The shell's child ends, and what the shell has become does not ask for its end: as in a container without an init.
    const parent = spawn("sh", ["-c", "sleep 0.3 & echo $!; exec sleep 600"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(line.toString());
      const stat = () => readFileSync(`/proc/${pid}/stat`, "utf8");
      await expect.poll(() => /\) (\w)/.exec(stat())?.[1]).toBe("Z");
      const started = stat()
        .slice(stat().lastIndexOf(")") + 2)
        .split(" ")[19];
      writeFileSync(join(folder, "lock"), `${pid} ${started}`);
      await using _lock = await lockFolder(folder);
      expect(readFileSync(join(folder, "lock"), "utf8")).toContain(`${process.pid} `);
    } finally {
      parent.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    }
  },
);
