/**
 * Runs the checks of this project in order and says how long each took.
 *
 *   npm run check        types, lint, what nobody or tests alone use, and the test of the architecture: seconds
 *   npm run test:quick   the same, and every test that only computes: below a minute
 *   npm test             everything: all tests, the reference, the conformance cases (when they are present) and the
 *                        browser tests (when a Chromium is), some of them on Kafka and OpenSearch too (when Java is)
 *
 * Further words go to Vitest: `npm run test:quick -- src/parsers --update` runs the quick tests of a folder and records
 * samples.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { missingForJava } from "./cluster/jars.ts";
import { missingForOpenSearch } from "./cluster/opensearch.ts";

const root = join(import.meta.dirname, "..");
const modules = join(root, "node_modules");
const conformance = join(root, "..", "shared", "conformance");

type Step = {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Why the step cannot run here. */
  readonly skip?: string | undefined;
  /** Whether it is a failure, where everything must run (`CI=true`), that it cannot. */
  readonly isForced?: boolean;
};

/** What was checked is remembered in `build`, so that of the next check only what changed is left. */
const types: Step = {
  name: "types",
  args: [
    ...[join(modules, "typescript", "bin", "tsc"), "--noEmit"],
    ...["--incremental", "--tsBuildInfoFile", join(root, "build", "types.tsbuildinfo")],
  ],
};
const lint: Step = {
  name: "lint",
  args: [join(modules, "@biomejs", "biome", "bin", "biome"), "check", "--error-on-warnings", "."],
};
const unused: Step = {
  name: "unused",
  args: [join(modules, "knip", "bin", "knip.js"), "--no-progress", "--treat-config-hints-as-errors"],
};
const tested: Step = {
  name: "used by tests alone",
  args: [
    ...unused.args,
    "--config",
    "knip.product.jsonc",
    "--production",
    "--include",
    "files,exports,types",
  ],
};
const [word = "all", ...words] = process.argv.slice(2);
const tests = (name: string, ...more: readonly string[]): Step => ({
  name,
  args: [join(modules, "vitest", "vitest.mjs"), "run", "--passWithNoTests=false", ...more, ...words],
});
const reference: Step = { name: "reference", args: [join(root, "scripts", "docs.ts"), "--check"] };
const cases: Step = {
  name: "conformance",
  args: [join(root, "scripts", "conformance.ts")],
  skip: existsSync(conformance) ? undefined : "the conformance cases are not beside this checkout",
};
const noChromium =
  chromium() === undefined
    ? "no Chromium found; install it (Debian: apt-get install chromium) or set METRON_CHROMIUM"
    : undefined;
const browser: Step = {
  name: "browser",
  args: [join(modules, "@playwright", "test", "cli.js"), "test"],
  skip: noChromium,
  isForced: true,
};
/** To look costs a second, so only where it matters. */
const missing = word === "all" ? (missingForJava() ?? missingForOpenSearch()) : undefined;
/** The browser tests to which storage makes the greatest difference, with Kafka and OpenSearch. */
const onCluster: Step = {
  ...{ name: "browser on Kafka and OpenSearch", env: { METRON_E2E: "cluster" }, isForced: true },
  args: [...browser.args, "triage", "investigate", "facets"],
  skip: noChromium ?? (missing === undefined ? undefined : `there is no program ${missing}`),
};

/** What looks at sources without running them. */
const sound = [types, lint, unused, tested];

/** What each word runs: one stage after another, the steps of a stage at the same time. */
const RUNS: Readonly<Record<string, readonly (readonly Step[])[]>> = {
  check: [sound, [tests("architecture", join("src", "architecture.test.ts"))]],
  quick: [sound, [tests("quick tests", "--project", "quick")]],
  // Tests wait for disks, clocks and pages in turn: side by side they keep two cores busy.
  all: [sound, [tests("tests"), browser], [onCluster, reference, cases]],
};

const stages = RUNS[word];
if (stages === undefined) {
  console.error(`usage: scripts/test.ts [${Object.keys(RUNS).join("|")}]`);
  process.exit(2);
}
/** How tests say what they cannot run on this machine. Among thousands of other lines nobody sees it. */
const LEFT_OUT = /^(?:Left out, |browser tests: left out, ).*$/gm;
const summary: string[] = [];
for (const steps of stages) {
  const ready = steps.filter(isReady);
  // The first prints as it goes; what those beside it print is held back until it has ended, so that lines do not mix.
  const [first, ...others] = ready;
  if (first === undefined) continue;
  const ended = run(first);
  const reasons = await Promise.all([ended, ...others.map((step) => run(step, ended))]);
  const failed = reasons.filter((reason) => reason !== undefined);
  if (failed.length > 0) end(failed);
}
console.log(`\n${summary.join("\n")}`);

/** False for a step that cannot run here; where everything must run, that is a failure. */
function isReady(step: Step): boolean {
  if (step.skip === undefined) return true;
  const reason = `${step.name}: left out, ${step.skip}`;
  if (process.env.CI === "true" && step.isForced === true) end([reason]);
  summary.push(reason);
  return false;
}

/**
 * Runs a step, and returns why it failed.
 * @param after the end of another; what this one prints is held back until then.
 */
async function run(step: Step, after?: Promise<unknown>): Promise<string | undefined> {
  const started = performance.now();
  const isHeldBack = after !== undefined;
  if (!isHeldBack) console.log(`\n== ${step.name}`);
  const child = spawn(process.execPath, [...process.execArgv, ...step.args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...(process.stdout.isTTY && { FORCE_COLOR: "1" }), ...process.env, ...step.env },
  });
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part: Buffer) => {
      printed.push(part);
      if (!isHeldBack) process.stdout.write(part);
    });
  const [status, signal] = await new Promise<[number | null, string | null]>((done) =>
    child.once("close", (...how) => done(how)),
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  await after;
  const text = Buffer.concat(printed).toString();
  if (isHeldBack) process.stdout.write(`\n== ${step.name}\n${text}`);
  for (const line of new Set(text.match(LEFT_OUT))) summary.push(`${step.name}: ${line}`);
  if (status !== 0) return `${step.name}: FAILED after ${seconds} s, exit status ${status ?? signal}`;
  console.log(`== ${step.name}: passed in ${seconds} s`);
  summary.push(`${step.name}: passed in ${seconds} s`);
  return undefined;
}

function end(failed: readonly string[]): never {
  for (const line of [...summary, ...failed]) console.error(`== ${line}`);
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
