import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

/**
 * CONTRIBUTING.md followed to the letter in a copy of this checkout: its blocks are the commands that are run and the
 * files that are written.
 */
const root = join(import.meta.dirname, "..");
const NOT_COPIED = new Set(["node_modules", ".git", "build", "dist", "results"]);
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "metron-checkout-"));
  cpSync(root, copy, {
    recursive: true,
    preserveTimestamps: true,
    filter: (path) => !NOT_COPIED.has(path.split("/").at(-1) ?? ""),
  });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

type Step = { readonly path?: string | undefined; readonly language: string; readonly text: string };

/** The blocks of a section, each with the path that stands alone in the line before it. */
function stepsOf(section: string): Step[] {
  const text = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
  const from = text.indexOf(`\n## ${section}\n`);
  const until = text.indexOf("\n## ", from + 1);
  return [...text.slice(from, until).matchAll(/(?:^`([^`\s]+)`\n\n)?^```(\w*)\n(.*?)^```$/gms)].map(
    ([, path, language = "", block = ""]) => ({ path, language, text: block }),
  );
}

type Done = { readonly status: number | null; readonly out: string };

/** Runs a line as a contributor would in the copy. */
function shell(line: string, variables: Readonly<Record<string, string>> = {}): Done {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", line], {
    cwd: copy,
    encoding: "utf8",
    env: {
      ...process.env,
      CI: "",
      NO_COLOR: "1",
      ...variables,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    },
  });
  return { status, out: stdout + stderr };
}

function put(path: string, text: string): void {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  writeFileSync(join(copy, path), text);
}

/** Exchanges the one place of a text in a file of the copy. */
function fill(path: string, text: string, other: string): void {
  const before = readFileSync(join(copy, path), "utf8");
  expect(before.split(text), `${path}: ${text}`).toHaveLength(2);
  put(
    path,
    before.replace(text, () => other),
  );
}

/** Each kind: its name in the guide, the tests it has to pass (one is red), and what makes it green. */
const KINDS: readonly (readonly [
  string,
  string,
  string,
  readonly (readonly [path: string, text: string, other: string])[],
])[] = [
  [
    "enrichment",
    "whois",
    "src/enrichments/contract.test.ts",
    [["src/enrichments/whois/whois.ts", "Adds ...", "Adds who owns a domain."]],
  ],
  [
    "source",
    "acme-feed",
    "src/sources/contract.test.ts src/sources/acme-feed",
    [
      ["src/sources/acme-feed/acme-feed.ts", "Takes ...", "Takes the feed of Acme."],
      ["src/sources/acme-feed/acme-feed.ts", 'Buffer.from("")', 'Buffer.from("first\\nsecond\\n")'],
    ],
  ],
  [
    "transform",
    "lower-case",
    "src/transforms/transforms.test.ts src/transforms/lower-case.test.ts",
    [
      ["src/transforms/lower-case.ts", "Changes ...", "Makes texts lower case."],
      ["src/transforms/lower-case.ts", "setString(row, text)", "setString(row, text.toLowerCase())"],
      ["src/transforms/lower-case.test.ts", '{ a: "before" }, { a: "after" }', '{ a: "Ä" }, { a: "ä" }'],
    ],
  ],
  [
    "function",
    "acme-score",
    "src/stellar/functions/names.test.ts src/stellar/functions/examples.test.ts",
    [
      ["src/stellar/functions/acme-score.ts", "Functions for ...", "Functions for scores."],
      ["src/stellar/functions/acme-score.ts", "Makes ...", "Makes a text longer."],
      ["src/stellar/functions/acme-score.ts", `"ACME_SCORE('before')", "after"`, `"ACME_SCORE('a')", "aa"`],
      [
        "src/stellar/functions/acme-score.ts",
        "call: (text) => text,",
        "call: (text) => text && text + text,",
      ],
    ],
  ],
  [
    "endpoint",
    "list-widgets",
    "src/api/contract.test.ts src/server/server.test.ts",
    [["src/api/list-widgets.ts", "Lists ...", "Lists the widgets."]],
  ],
];

/** Runs a line that should work; if it does not, what it printed says why. */
function works(line: string): void {
  const { status, out } = shell(line);
  expect(status, `${line}\n${out}`).toBe(0);
}

test("every kind of component is made, and red until it is filled in", {
  timeout: 300_000,
}, () => {
  const named = [...(stepsOf("Adding anything else")[0]?.text ?? "").matchAll(/^(npm run new (\S+) \S+)/gm)];
  expect(named.map(([, , kind]) => kind)).toEqual([
    ...KINDS.map(([kind]) => kind),
    "page",
    "decision",
    "change",
  ]);
  for (const [, line = ""] of named) works(line);
  expect(shell("npm run new page assets")).toMatchObject({
    status: 1,
    out: expect.stringContaining("exists already"),
  });
  const vitest = (files: string) => shell(`npm run vitest -- ${files}`);
  const all = KINDS.map(([, , files]) => files).join(" ");
  // What an endpoint lacks is told by the contract of the API too, without a server.
  const red = vitest(all.replace(" src/server/server.test.ts", "")).out;
  for (const [kind, name] of KINDS)
    expect(red, kind).toMatch(
      new RegExp(`FAIL.*(?:${name}|${camelOf(name)}|${name.replace("-", "_").toUpperCase()})`),
    );
  for (const [, , , changes] of KINDS) for (const change of changes) fill(...change);
  expect(vitest(all)).toMatchObject({ status: 0 });
});

/** `npm run test:quick` compiles everything, and checks its format: also what the test above made. */
test("the guide to a parser leads from an empty folder to a message that is found", {
  timeout: 300_000,
}, async () => {
  const steps = stepsOf("Adding a parser");
  expect(steps.map(({ language }) => language)).toEqual(["sh", "log", "ts", "sh", "yaml", "sh"]);
  const last = steps.pop();
  for (const { path, language, text } of steps) {
    if (path !== undefined) {
      // What the scaffold made is filled in; only the sensor's document is new.
      expect(existsSync(join(copy, path)), path).toBe(language !== "yaml");
      put(path, text);
    } else for (const line of text.trim().split("\n")) works(line);
  }
  const recorded = readFileSync(join(copy, "src/parsers/acme-proxy/samples/acmeProxy.json"), "utf8");
  expect(recorded).toContain('"user":"bob"');
  expect(recorded).toContain('{"rejected":"expected a user and an address"}');
  expect(readFileSync(join(copy, "docs/reference/parsers.md"), "utf8")).toContain("acmeProxy");
  // From here on the samples are pinned.
  fill("src/parsers/acme-proxy/acme-proxy.ts", "return { user, ip", "return { user: user.toUpperCase(), ip");
  expect(shell("npm run vitest -- src/parsers/contract.test.ts -t acmeProxy").out).toContain(
    "acmeProxy.log as recorded",
  );
  fill("src/parsers/acme-proxy/acme-proxy.ts", "user: user.toUpperCase(),", "user,");

  const data = join(copy, "data");
  mkdirSync(join(copy, "none"));
  const up = spawn(
    process.execPath,
    ["src/cli/main.ts", "up", "--port", "0", "--data", data, "--config", join(copy, "none")],
    {
      cwd: copy,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  try {
    await new Promise<void>((started, failed) => {
      up.stdout.on("data", (part: Buffer) => {
        if (part.includes("Metron is up")) started();
      });
      up.once("close", (status) => failed(new Error(`the platform ended with ${status}`)));
    });
    const lines = last?.text.trim().split("\n") ?? [];
    const done = lines.map((line) => shell(line, { METRON_DATA: data }));
    expect(done.map(({ status, out }) => [status, out])).toEqual(lines.map(() => [0, expect.any(String)]));
    expect(done.at(-1)?.out).toContain("alice");
    expect(shell("./metron search '' --sensor error --json", { METRON_DATA: data }).out).toContain(
      "expected a user and an address",
    );
  } finally {
    up.kill();
    if (up.exitCode === null) await once(up, "close");
  }
});

function camelOf(name: string): string {
  return name.replace(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
