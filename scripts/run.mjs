/**
 * Starts a script of this project under Node 24, setting up first what is missing. Written in plain JavaScript
 * without dependencies because it is what runs before `npm ci` has, under whatever Node the machine offers.
 *
 *   node scripts/run.mjs [--build] FILE.ts [ARGUMENTS...]
 *
 * --build  build the interface too, when it is missing or older than its sources
 *
 * In an installed package everything is built and installed already: FILE.ts of src then means its JavaScript in dist.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { takeTurn } from "./turn.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isInstalled = root.split(sep).includes("node_modules");
const compileCache = join(root, "node_modules", ".cache", "compile");
const COMMAND_LINE = "src/cli/main.ts";
const isWindows = process.platform === "win32";

const [first, ...rest] = process.argv.slice(2);
const wantsBuild = first === "--build";
const [file, ...options] = wantsBuild ? rest : [first, ...rest];
if (file === undefined) fail("usage: node scripts/run.mjs [--build] FILE.ts [ARGUMENTS...]");
if (!isInstalled) await setUp();
const script = isInstalled ? file.replace(/^src\//, "dist/").replace(/\.ts$/, ".js") : file;
// The main thread hands bytes on and answers requests. With V8's 16 MB it held 60 MB of what was long not needed (bench `pcap --rows=live`).
const memory = file === COMMAND_LINE ? ["--max-semi-space-size=4"] : [];
const flags = ["--disable-warning=ExperimentalWarning", ...memory];
const child = spawn(nodePath(), [...flags, join(root, script), ...options], {
  // The command line notices by the channel when this process is killed, and does not outlive it.
  stdio: file === COMMAND_LINE ? ["inherit", "inherit", "inherit", "ipc"] : "inherit",
  env: {
    ...process.env,
    // Searches and files share libuv's pool of four threads; its size is read once, before any program of ours runs.
    UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? "24",
    // Larger pieces of memory are then given back to the system when they are free. Otherwise glibc raises this limit to 32 MB by itself, and blocks
    // that come and go leave holes in its heaps: 60 to 100 MB.
    MALLOC_MMAP_THRESHOLD_: process.env.MALLOC_MMAP_THRESHOLD_ ?? "262144",
    // Types are then stripped once and not in every thread: threads start twice as fast, and without the WebAssembly of the
    // stripper, which V8 frees in one thread while another runs it (a crash in WasmEngine::FreeDeadCode, Node 24.21).
    ...(isInstalled ? {} : { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compileCache }),
    PATH: `${join(root, "node_modules", ".bin")}${isWindows ? ";" : ":"}${process.env.PATH}`,
  },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) =>
  process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0)),
);

/** The Node 24 that came with the packages. */
function nodePath() {
  const found = createRequire(join(root, "package.json")).resolve("node/package.json");
  return join(dirname(found), "bin", isWindows ? "node.exe" : "node");
}

/** Installs packages and builds the interface where that is needed, while no other process of this checkout does. */
async function setUp() {
  const needs = () => missingPackage() !== undefined || (wantsBuild && !isBuilt());
  if (!needs()) return;
  const place = join(root, "build", "setup.lock");
  const turn = await takeTurn(place, (owner) =>
    process.stderr.write(
      `Waiting for process ${owner}, which sets up this checkout (if it does not, delete ${place}) ...\n`,
    ),
  );
  try {
    // Another process may have done it meanwhile.
    if (missingPackage() !== undefined) await install(turn);
    if (wantsBuild && !isBuilt()) await build(turn);
  } finally {
    turn.end();
  }
}

/**
 * The first package that the lock file wants and node_modules lacks, by the list that npm keeps there of what it installed, and by the folders;
 * undefined when all are there. Optional packages may be missing: most are for other platforms.
 */
function missingPackage() {
  const wanted = packagesOf(join(root, "package-lock.json"));
  const installed = packagesOf(join(root, "node_modules", ".package-lock.json"));
  for (const [place, entry] of Object.entries(wanted)) {
    if (place === "") continue;
    const there = installed[place];
    if (there === undefined && entry.optional) continue;
    const isSame = there?.version === entry.version && there?.integrity === entry.integrity;
    // Two installations at the same time leave a list that is complete and folders that are not.
    if (there === undefined || !isSame || !existsSync(join(root, place, "package.json"))) return place;
  }
  return undefined;
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR" || error instanceof SyntaxError) return {};
    throw error;
  }
}

/** Installs the packages of the lock file. */
async function install(turn) {
  process.stderr.write("Installing packages (npm ci) ...\n");
  // Whatever this user leaves out elsewhere, the checkout needs all of them.
  const all = ["--include=dev", "--include=optional", "--include=peer"];
  const npm = isWindows ? "npm.cmd" : "npm";
  await run(turn, "npm ci", npm, ["ci", ...all, "--no-audit", "--no-fund", "--loglevel=error"]);
  const missing = missingPackage();
  if (missing !== undefined) fail(`npm ci left out ${missing}, which package-lock.json wants`);
  if (!existsSync(nodePath())) {
    fail("npm ci brought no Node 24: install scripts must be allowed for the package `node`");
  }
}

/** Whether the interface is built and no source of it is newer. */
function isBuilt() {
  const made = join(root, "build", "ui", "index.html");
  const sources = [
    "src/ui",
    "src/api",
    "src/stellar",
    "src/query",
    "src/java",
    "src/schema",
    "src/core",
    "vite.config.ts",
    "package-lock.json",
  ];
  return (
    existsSync(made) && Math.max(...sources.map((path) => newest(join(root, path)))) <= statSync(made).mtimeMs
  );
}

async function build(turn) {
  process.stderr.write("Building the interface (once) ...\n");
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  await run(turn, "building the interface", nodePath(), [vite, "build", "--logLevel", "warn"]);
}

/** Runs a program to its end. It has a part in the turn, as it works on should this process be killed. */
function run(turn, what, program, options) {
  return new Promise((resolve) => {
    const child = spawn(program, options, { cwd: root, stdio: ["ignore", 2, 2] });
    if (child.pid !== undefined) turn.include(child.pid);
    child.on("error", (error) => fail(`${what}: ${error.message}`));
    child.on("exit", (code) =>
      code === 0 ? resolve() : fail(`${what} did not succeed: see the message above`),
    );
  });
}

function newest(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function fail(reason) {
  process.stderr.write(`metron: ${reason}\n`);
  process.exit(1);
}
