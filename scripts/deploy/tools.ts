import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** The folder of what the tests here look at. */
export const DEPLOY = join(import.meta.dirname, "..", "..", "deploy");

/**
 * Whether this machine has a program. What it lacks is told in one line and left out; where everything must run (`CI=true`),
 * a test that needs it runs regardless and fails.
 * @param isOptional whether CI goes without it too
 */
export function hasTool(program: string, isOptional = false): boolean {
  const { error } = spawnSync(program, ["--version"], { stdio: "ignore" });
  if (error === undefined) return true;
  process.stdout.write(
    `Left out, as there is no program ${program}: what checks a part of deploy/ with it.\n`,
  );
  return process.env.CI === "true" && !isOptional;
}

/** Runs a program; resolves to its exit code and everything that it printed. */
export async function run(program: string, args: readonly string[], cwd = DEPLOY) {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, [...args], { cwd });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as { code: unknown; stdout?: string; stderr?: string };
    return { code, output: stdout + stderr };
  }
}
