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
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isInstalled = root.split(sep).includes("node_modules");
const compileCache = join(root, "node_modules", ".cache", "compile");
const COMMAND_LINE = "src/cli/main.ts";
const isWindows = process.platform === "win32";

const [first, ...rest] = process.argv.slice(2);
const wantsBuild = first === "--build";
const [file, ...options] = wantsBuild ? rest : [first, ...rest];
if (file === undefined) fail("usage: node scripts/run.mjs [--build] FILE.ts [ARGUMENTS...]");
if (!isInstalled) {
  install();
  if (wantsBuild) build();
}
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

/** Installs the packages of the lock file when they are missing or of another lock file. */
function install() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules", ".metron-lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock && existsSync(nodePath())) return;
  process.stderr.write("Installing packages (npm ci) ...\n");
  const done = spawnSync(
    isWindows ? "npm.cmd" : "npm",
    ["ci", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd: root,
      stdio: ["ignore", 2, 2],
    },
  );
  if (done.status !== 0) {
    fail(
      done.error ? `running npm ci: ${done.error.message}` : "npm ci did not succeed: see its message above",
    );
  }
  if (!existsSync(nodePath())) {
    fail("npm ci brought no Node 24: install scripts must be allowed for the package `node`");
  }
  writeFileSync(stamp, lock);
}

/** Builds the interface when a source is newer than the last build. */
function build() {
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
  const isCurrent =
    existsSync(made) &&
    Math.max(...sources.map((path) => newest(join(root, path)))) <= statSync(made).mtimeMs;
  if (isCurrent) return;
  process.stderr.write("Building the interface (once) ...\n");
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  const done = spawnSync(nodePath(), [vite, "build", "--logLevel", "warn"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (done.status !== 0) fail("building the interface did not succeed: see the message above");
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
