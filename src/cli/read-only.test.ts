import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** A data folder that an ordinary user may not write; root may write everything, so it lends itself another user. */

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const NOBODY = 65_534;
const ORDINARY = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
/** Below a folder that is root's alone another user cannot run anything: there is nothing to see then. */
const isPossible = spawnSync(process.execPath, ["--version"], ORDINARY).error === undefined;

let folder: string;
let data: string;

type Result = { status: number | null; out: string; err: string };

/** Runs a command as an ordinary user. `until`: what it says once it may be told to end. */
async function metron(args: readonly string[], until?: string): Promise<Result> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    ...ORDINARY,
    env: { ...process.env, HOME: folder },
  });
  const text = { out: "", err: "" };
  let isTold = false;
  child.stdout.on("data", (part: Buffer) => {
    text.out += part;
    if (until === undefined || isTold || !text.out.includes(until)) return;
    isTold = true;
    child.kill("SIGTERM");
  });
  child.stderr.on("data", (part: Buffer) => {
    text.err += part;
  });
  const status = await new Promise<number | null>((done) => child.once("close", done));
  return { status, ...text };
}

const up = (until?: string) =>
  metron(["up", "--port", "0", "--data", data, "--config", join(folder, "config")], until);

describe.skipIf(!isPossible)("as an ordinary user", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "metron-read-only-"));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "config", "sensors"), { recursive: true });
    writeFileSync(join(folder, "config", "metron.yaml"), "workers: 1\n");
    writeFileSync(join(folder, "config", "sensors", "web.yaml"), "sensor: web\nparser: { jsonMap: {} }\n");
    data = join(folder, "data");
    mkdirSync(data);
    if (ORDINARY.uid !== undefined) chownSync(data, NOBODY, NOBODY);
    expect((await up("Metron is up")).status).toBe(0);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Takes the right to write away from folders and files, and gives it back when disposed of. */
  function readOnly(...paths: readonly string[]): Disposable {
    const modes = paths.map((path) => [path, statSync(path).mode] as const);
    for (const [path, mode] of modes) chmodSync(path, mode & ~0o222);
    return {
      [Symbol.dispose]() {
        for (const [path, mode] of modes) chmodSync(path, mode);
      },
    };
  }

  test.each([
    ["the data folder", ["."]],
    ["the folder of the index", ["index"]],
    ["the folder of tables", ["tables"]],
    ["the catalogue", ["index/_catalogue.mdb"]],
  ])(
    "%s cannot be written: a sentence says so and what to do, and nothing is changed",
    async (_what, names) => {
      const paths = names.map((name) => join(data, name));
      const before = readdirSync(data, { recursive: true }).sort();
      using _lock = readOnly(...paths);
      const { status, err, out } = await up("Metron is up");
      expect({ status, out }).toEqual({ status: 1, out: "" });
      expect(err).toContain("Give the user account that runs Metron write access to the folder.");
      expect(err).toContain(data);
      expect(err).not.toContain("this is a bug");
      expect(err).not.toContain("    at ");
      expect(readdirSync(data, { recursive: true }).sort()).toEqual(before);
    },
  );

  test("a data folder that cannot be made is named", async () => {
    using _parent = readOnly(folder);
    const { status, err } = await metron([
      "up",
      "--data",
      join(folder, "other"),
      "--config",
      join(folder, "config"),
    ]);
    expect(status).toBe(1);
    expect(err).toContain(`making folder ${join(folder, "other")}: EACCES`);
    expect(err).toContain("Give the user account that runs Metron write access to the folder.");
  });
});
