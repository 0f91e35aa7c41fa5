/** Servers of tests and benchmarks end with the process that started them, also when that one is killed. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";

/** Kills a child when this process is gone, however it ends. */
export function endWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return;
  // Its input ends when nobody holds the other end any more.
  const watch = spawn("sh", ["-c", 'cat > /dev/null; kill -9 "$0"', String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watch.unref();
  (watch.stdin as Socket).unref();
  child.once("exit", () => watch.kill("SIGKILL"));
}
