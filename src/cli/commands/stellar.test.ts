import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const main = new URL("../main.ts", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "metron-stellar-"));
afterAll(() => rmSync(folder, { recursive: true }));

function metron(args: readonly string[], input = ""): { status: number | null; out: string; errors: string } {
  const done = spawnSync(process.execPath, [main, "stellar", "--data", folder, ...args], {
    input,
    encoding: "utf8",
  });
  return { status: done.status, out: done.stdout, errors: done.stderr };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("expressions from the command line share a session", () => {
  expect(metron(["-e", "x := 2 + 3", "x * 2"])).toEqual({ status: 0, out: "5\n10\n", errors: "" });
});

test("a mistake is shown with its place and fails", () => {
  const { status, errors } = metron(["-e", "TO_UPER('a')"]);
  expect(status).toBe(1);
  expect(errors).toContain("there is no function TO_UPER; did you mean TO_UPPER?");
  expect(errors).toContain("^^^^^^^");
});

test("a script may go over several lines", () => {
  const script = file("script.stellar", "// sums\nx := [1,\n  2,\n  3]\nREDUCE(x, (s, n) -> s + n, 0)\n");
  expect(metron([script, "--json"]).out).toBe("[1,2,3]\n6\n");
});

test("a stream of messages is evaluated line by line, and bad lines are named", () => {
  const variables = file("variables.json", '{"limit": 3}');
  const input = '{"n": 5, "host": "\\u001b[31mred"}\n{"n": 1}\nnonsense\n';
  const each = metron(["-v", variables, "-e", "n > limit ? host : null", "--each"], input);
  expect(each).toEqual({
    status: 1,
    out: "\ufffd[31mred\n\n",
    errors: "line 3: this is not a JSON object\n",
  });
  const filtered = metron(["-v", variables, "-e", "n > limit", "--each", "--filter"], '{"n":5}\n{"n":1}\n');
  expect(filtered.out).toBe('{"n":5}\n');
});

test("functions of one's own are joined, and refused when they are wrong", () => {
  const good = file("good.stellar", "// Doubles.\nTWICE := (x) -> x * 2\n");
  expect(metron(["--functions", good, "-e", "TWICE(21)"]).out).toBe("42\n");
  const bad = file("bad.stellar", "TWICE := (x) -> x *\n");
  const refused = metron(["--functions", bad, "-e", "1"]);
  expect(refused.status).toBe(1);
  expect(refused.errors).toContain("expected a value");
});

test("a setting may name a secret below the folders that the call allows, and below no other", () => {
  file("token", "very-secret");
  const call =
    "REST_GET('http://127.0.0.1:1/', {'basic.auth.user': 'me', 'basic.auth.password': {'secret': {'file': 'token'}}})";
  const refused = metron(["-e", call]);
  expect(refused.errors).toContain(
    "secrets are read nowhere; started with `--secrets-from FOLDER`, Metron allows a folder",
  );
  const allowed = metron(["--secrets-from", folder, "-e", call]);
  expect({ status: allowed.status, out: allowed.out }).toEqual({ status: 0, out: "" });
  expect(allowed.errors).toContain("A REST call failed.");
  expect(allowed.errors).not.toContain("very-secret");
});
