/** The launcher in a project with tiny packages of its own, which npm installs from folders. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const MINUTE = 120_000;
/** An installation that is under way notes it, and waits for the file `go`. */
const INSTALL = `process.chdir(process.env.INIT_CWD);
const fs = require("fs");
fs.appendFileSync("installs", "x");
const timer = setInterval(() => fs.existsSync("go") && clearInterval(timer), 20);
`;
let project: string;
const file = (name: string, text: string) => {
  const path = join(project, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
};

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "metron-launcher-"));
  for (const name of ["run.mjs", "turn.mjs"])
    cpSync(join(import.meta.dirname, name), file(`scripts/${name}`, ""));
  // The package `node`, whose program is the one that runs this test.
  file("packages/node/package.json", '{"name":"node","version":"24.0.0"}');
  chmodSync(file("packages/node/bin/node", `#!/bin/sh\nexec '${process.execPath}' "$@"\n`), 0o755);
  tiny("1.0.0");
  file("packages/tiny/install.js", INSTALL);
  file(".npmrc", "offline=true\ninstall-links=true\nignore-scripts=false\n");
  file(
    "package.json",
    JSON.stringify({
      ...{ name: "project", version: "1.0.0" },
      dependencies: { node: "file:packages/node", tiny: "file:packages/tiny" },
    }),
  );
  file("hello.mjs", "console.log('hello')\n");
  npm("install", "--package-lock-only", "--ignore-scripts");
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

test(
  "two first commands at once install once: the second waits, says so, and both run",
  async () => {
    const first = launch();
    await until(() => existsSync(join(project, "installs")));
    const second = launch();
    await until(() => second.err().includes("Waiting for process"));
    expect(second.err()).toContain(`Waiting for process ${first.child.pid}, which sets up this checkout`);
    file("go", "");
    expect([await first.end(), await second.end()]).toEqual([
      { code: 0, out: "hello\n" },
      { code: 0, out: "hello\n" },
    ]);
    expect(installs()).toBe(1);
    expect(second.err()).not.toContain("Installing");
    expect(existsSync(join(project, "build/setup.lock"))).toBe(false);
  },
  MINUTE,
);

test(
  "what npm ci has installed by hand is not installed again, until the lock file changes or a package is gone",
  async () => {
    file("go", "");
    npm("ci");
    expect(await launch().end()).toEqual({ code: 0, out: "hello\n" });
    expect(installs()).toBe(1);
    rmSync(join(project, "node_modules/tiny"), { recursive: true });
    expect(await launch().end()).toEqual({ code: 0, out: "hello\n" });
    expect(installs()).toBe(2);
    expect(existsSync(join(project, "node_modules/tiny/package.json"))).toBe(true);
    tiny("1.0.1");
    const lock = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8"));
    lock.packages["node_modules/tiny"].version = "1.0.1";
    file("package-lock.json", JSON.stringify(lock));
    expect(await launch().end()).toEqual({ code: 0, out: "hello\n" });
    expect(installs()).toBe(3);
  },
  MINUTE,
);

test(
  "an npm that outlives its launcher is waited for; one that was killed too is not",
  async () => {
    const orphan = launch();
    await until(() => existsSync(join(project, "installs")));
    orphan.child.kill("SIGKILL");
    const second = launch();
    await until(() => second.err().includes("Waiting for process"));
    expect(second.err()).not.toContain(`process ${orphan.child.pid},`);
    file("go", "");
    expect(await second.end()).toEqual({ code: 0, out: "hello\n" });
    expect(installs()).toBe(1);

    rmSync(join(project, "go"));
    rmSync(join(project, "node_modules"), { recursive: true });
    const killed = launch();
    await until(() => installs() === 2);
    process.kill(-(killed.child.pid ?? 0), "SIGKILL");
    await killed.end();
    file("go", "");
    const next = await Promise.all([launch().end(), launch().end(), launch().end()]);
    expect(next).toEqual(Array(3).fill({ code: 0, out: "hello\n" }));
    expect(installs()).toBe(3);
  },
  MINUTE,
);

function tiny(version: string): void {
  file(
    "packages/tiny/package.json",
    JSON.stringify({ name: "tiny", version, scripts: { postinstall: "node install.js" } }),
  );
}

function npm(...args: string[]): void {
  const done = spawnSync("npm", args, { cwd: project, encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr);
}

const installs = () => readFileSync(join(project, "installs"), "utf8").length;

function launch(): { child: ChildProcess; err: () => string; end: () => Promise<object> } {
  const child = spawn(process.execPath, ["scripts/run.mjs", "hello.mjs"], {
    cwd: project,
    // So that all that it starts can be killed with it.
    detached: true,
  });
  const text = { out: "", err: "" };
  child.stdout.on("data", (part) => {
    text.out += part;
  });
  child.stderr.on("data", (part) => {
    text.err += part;
  });
  const closed = once(child, "close");
  return { child, err: () => text.err, end: () => closed.then(([code]) => ({ code, out: text.out })) };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 20));
}
