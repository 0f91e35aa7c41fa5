/** Programs of others that tests start. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync } from "node:fs";

/** Whether files of a package are there; what goes without it is told in one line. Where everything must run (`CI=true`) it does. */
export function hasInstalled(what: string, patterns: readonly string[]): boolean {
  const isThere = patterns.every((pattern) => existsSync(pattern) || globSync(pattern).length > 0);
  if (!isThere && process.env.CI !== "true")
    process.stdout.write(`Left out, as it is not installed: ${what}.\n`);
  return isThere || process.env.CI === "true";
}

/** A program at work, which ends when it is disposed of. What it says is kept for the test that fails. */
export function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child: ChildProcess = spawn(program, words, {
    ...{ stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } },
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => void said.push(chunk.toString()));
  return {
    said: () => said.join(""),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(timer);
    },
  };
}
