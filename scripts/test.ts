/**
 * `npm test`: types, lint, what nobody uses, unit and contract tests, conformance cases (when present), browser tests
 * (when a Chromium is). `npm run check` is the quick part of it: types, lint, what nobody uses, and the test of the
 * architecture.
 *
 *   scripts/test.ts [check]
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const modules = join(root, "node_modules");
const conformance = join(root, "..", "shared", "conformance");

type Step = { name: string; args: string[]; skip?: string | undefined };

const steps: Step[] = [
  { name: "types", args: [join(modules, "typescript", "bin", "tsc"), "--noEmit"] },
  {
    name: "lint",
    args: [join(modules, "@biomejs", "biome", "bin", "biome"), "check", "--error-on-warnings", "."],
  },
  {
    name: "unused",
    args: [join(modules, "knip", "bin", "knip.js"), "--no-progress", "--treat-config-hints-as-errors"],
  },
];
const tests = [join(modules, "vitest", "vitest.mjs"), "run", "--passWithNoTests=false"];
if (process.argv[2] === "check") {
  steps.push({ name: "architecture", args: [...tests, join("src", "architecture.test.ts")] });
} else {
  steps.push(
    { name: "tests", args: tests },
    { name: "reference", args: [join(root, "scripts", "docs.ts"), "--check"] },
    {
      name: "conformance",
      args: [join(root, "scripts", "conformance.ts")],
      skip: existsSync(conformance) ? undefined : "the conformance cases are not beside this checkout",
    },
    {
      name: "browser",
      args: [join(modules, "@playwright", "test", "cli.js"), "test"],
      skip:
        chromium() === undefined
          ? "no Chromium found; install it (Debian: apt-get install chromium) or set METRON_CHROMIUM"
          : undefined,
    },
  );
}

const left: string[] = [];
for (const step of steps) {
  if (step.skip !== undefined) {
    if (process.env.CI === "true" && step.name === "browser") fail(step.name, step.skip);
    left.push(`${step.name}: left out, ${step.skip}`);
    continue;
  }
  const started = performance.now();
  console.log(`\n== ${step.name}`);
  const done = spawnSync(process.execPath, [...process.execArgv, ...step.args], {
    cwd: root,
    stdio: "inherit",
  });
  if (done.status !== 0) fail(step.name, `exit status ${done.status ?? done.signal}`);
  console.log(`== ${step.name}: passed in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
for (const line of left) console.log(line);

function fail(name: string, reason: string): never {
  console.error(`== ${name}: FAILED, ${reason}`);
  process.exit(1);
}

/** The browser of the end-to-end tests: METRON_CHROMIUM, or what Debian and others install. */
function chromium(): string | undefined {
  const candidates = [
    process.env.METRON_CHROMIUM,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ];
  return candidates.find((path) => path !== undefined && existsSync(path));
}
