import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What this machine lacks to run servers of Java; undefined when it lacks nothing. */
export function missingForJava(): string | undefined {
  for (const program of ["java", "mvn", "openssl", "faketime"]) {
    const { error } = spawnSync(program, ["--version"], { stdio: "ignore" });
    if (error !== undefined) return program;
  }
  return undefined;
}

/**
 * The folder of the jars that `scripts/cluster/NAME/pom.xml` lists; Maven fetches them the first time. They are kept in
 * METRON_JARS, or in `.cache/metron-cluster` of the user. `properties`: in place of those of the file, such as a version.
 */
export function jarsOf(name: string, properties: Readonly<Record<string, string>> = {}): string {
  const cache = process.env.METRON_JARS ?? join(homedir(), ".cache", "metron-cluster");
  const pom = join(import.meta.dirname, name, "pom.xml");
  const given = Object.entries(properties).map(([property, value]) => `-D${property}=${value}`);
  const version = createHash("sha256")
    .update(readFileSync(pom))
    .update(given.join())
    .digest("hex")
    .slice(0, 12);
  const folder = join(cache, `${name}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  // Renamed when complete: another run, or this one after an interruption, never sees half of it.
  const draft = mkdtempSync(join(cache, `.${name}-`));
  const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${draft}`];
  execFileSync("mvn", ["--batch-mode", "--quiet", "-f", pom, ...given, ...goal], { stdio: ["ignore", 2, 2] });
  if (existsSync(folder)) rmSync(draft, { recursive: true });
  else renameSync(draft, folder);
  return folder;
}
