import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";

/** Packages as their authors test them: a folder, and `node --test`. */
const ROOT = join(import.meta.dirname, "..", "..");
const SAMPLE = join(ROOT, "src", "platform", "testing", "sample-extension");
const folder = mkdtempSync(join(tmpdir(), "metron-authors-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A package in a folder of its own, with Metron installed. */
function packageOf(name: string, fill: (folder: string) => void): string {
  const path = join(folder, name);
  mkdirSync(join(path, "node_modules"), { recursive: true });
  symlinkSync(ROOT, join(path, "node_modules", "metron"));
  fill(path);
  return path;
}

async function runTests(path: string): Promise<{ status: number | null; out: string }> {
  // A test runner within a test runner would report to the outer one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, ["--conditions=metron-source", "--test", "--test-reporter=tap"], {
    cwd: path,
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise<number | null>((done) => child.once("close", done));
  const out = await text(child.stdout);
  return { status: await ended, out };
}

const tests = (out: string, sign: "ok" | "not ok") =>
  [...out.matchAll(new RegExp(`^ +${sign} \\d+ - (.*)$`, "gm"))].map(([, name]) => name);

test("the sample package obeys the contracts of its components", async () => {
  const { status, out } = await runTests(
    packageOf("sample", (path) => cpSync(SAMPLE, path, { recursive: true })),
  );
  expect(tests(out, "not ok")).toEqual([]);
  expect(tests(out, "ok")).toEqual(
    expect.arrayContaining([
      "declares every field of its samples",
      "survives arbitrary bytes",
      "declares what it adds",
      "does what its examples say",
    ]),
  );
  expect(status).toBe(0);
}, 60_000);

/** What is done to the sample package, and the tests that it then fails. */
const BROKEN: readonly (readonly [before: string, after: string, ...fails: string[]])[] = [
  ['.describe("What stands between badge and door.")', "", "describes every option"],
  [
    '{ name: "door", meaning: "text", about: "Name of the door." },',
    "",
    "declares every field of its samples",
  ],
  [
    "return badge === undefined",
    'if (badge === "") throw new Error("no badge");\nreturn badge === undefined',
    "survives arbitrary bytes",
    "takes prototype keys as keys and extreme records as records",
  ],
  [
    "name === undefined ? undefined : { name }",
    "name === undefined ? undefined : undefined",
    "declares what it adds",
    "does what its examples say",
  ],
];

test("what a package breaks is found", async () => {
  const path = packageOf("broken", (to) => {
    cpSync(SAMPLE, to, { recursive: true });
    let text = readFileSync(join(to, "sample.ts"), "utf8");
    for (const [before, after] of BROKEN) text = text.replace(before, after);
    writeFileSync(join(to, "sample.ts"), text);
  });
  const { status, out } = await runTests(path);
  expect(tests(out, "not ok")).toEqual(BROKEN.flatMap(([, , ...fails]) => fails));
  expect(status).toBe(1);
}, 60_000);

test("the guide's package obeys its contract as it is printed", async () => {
  const guide = readFileSync(join(ROOT, "docs", "guide", "extensions.md"), "utf8");
  const files = [...guide.matchAll(/^`([\w.]+)`\n\n```\w+\n(.*?)^```$/gms)];
  const path = packageOf("guide", (to) => {
    for (const [, name = "", content = ""] of files) writeFileSync(join(to, name), content);
  });
  expect(files.map(([, name]) => name)).toEqual(["package.json", "doors.ts", "test.ts"]);
  const { status, out } = await runTests(path);
  expect(tests(out, "not ok")).toEqual([]);
  expect(tests(out, "ok").length).toBeGreaterThan(8);
  expect(status).toBe(0);
}, 60_000);
