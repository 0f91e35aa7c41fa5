import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readGlobal } from "../../config/global.ts";
import { makeContext } from "../../core/context.ts";
import { check } from "../../stellar/language/check.ts";
import { compile } from "../../stellar/run/compile.ts";
import { layered } from "../../stellar/run/environment.ts";
import { storeValue } from "../../stellar/sketches/store-value.ts";
import { StellarMap } from "../../stellar/values/value.ts";
import { emptyTable } from "../../storage/table/standing.ts";
import { mainServices } from "../services.ts";

const data = mkdtempSync(join(tmpdir(), "metron-rules-"));
mkdirSync(join(data, "files", "lists"), { recursive: true });
writeFileSync(join(data, "files", "lists", "bad"), storeValue(new StellarMap([["a", "known"]])));
afterAll(() => rmSync(data, { recursive: true }));

const warnings: { sentence: string; fields: unknown }[] = [];
let now = 1_000_000;
const context = makeContext({
  clock: { now: () => now },
  log: {
    debug() {},
    info() {},
    error() {},
    warn: (sentence, fields) => void warnings.push({ sentence, fields }),
  },
});
const services = mainServices(
  { enrichment: emptyTable("enrichment"), threatIntel: emptyTable("threatintel") },
  context,
  { folders: { data } },
);
const closed = readGlobal("", "global");
const open = readGlobal("global: { stellar.rest.allow: ['127.0.0.1:1'] }", "global");

const mistakes = (text: string, global = closed) =>
  check(text, services.environment(global)).map(({ message }) => message);

test("a rule reaches stored objects", () => {
  const program = compile("ENRICHMENT_OBJECT_GET('/lists/bad', host)", services.environment(closed));
  expect(program.evaluate(layered({ host: "a" }))).toBe("known");
});

test.each([
  "LOCAL_READ('a')",
  "LOCAL_WRITE('a', 'b')",
  "HDFS_READ('a')",
  "HDFS_WRITE('a', 'b')",
  "REST_GET('http://127.0.0.1:1/')",
  "SYSTEM_ENV_GET('a')",
  "CONFIG_PUT('GLOBAL', '{}')",
  "SHELL_EDIT('a')",
  "PARSER_INIT('a')",
])("a rule does not reach %s", (text) => {
  expect(mistakes(text)[0]).toContain("which this place does not provide");
  expect(() => compile(text, services.environment(closed)).evaluate(layered({}))).toThrow("needs");
});

test("a rule calls allowed hosts alone, and failures do not flood the log", () => {
  const environment = services.environment(open);
  expect(mistakes("REST_GET('http://127.0.0.1:1/')", open)).toEqual([]);
  const call = (url: string) => compile(`REST_GET('${url}')`, environment).evaluate(layered({}));
  expect(call("http://127.0.0.1:2/")).toBeNull();
  for (let count = 0; count < 5; count++) expect(call("http://127.0.0.1:1/")).toBeNull();
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatchObject({
    fields: { failure: "127.0.0.1:2 is not in `stellar.rest.allow`", more: 0 },
  });
  now += 10_000;
  call("http://127.0.0.1:1/");
  expect(warnings[1]).toMatchObject({
    fields: { failure: expect.stringContaining("ECONNREFUSED"), more: 5 },
  });
});

test("the log tells of each instance of a model that fails, once per while, and counts the calls that were left out", () => {
  const endpoints = ["a", "b"].map(
    (name) => `{ name: ${name}, version: "1", url: "http://127.0.0.1:1/${name}" }`,
  );
  const { models } = services.environment(
    readGlobal(`models: { endpoints: [${endpoints}] }`, "global"),
  ).services;
  warnings.length = 0;
  for (const name of ["a", "a", "a", "a", "a", "b"]) {
    const endpoint = models?.find(name, undefined);
    if (endpoint !== undefined) models?.apply(endpoint, "apply", new Map());
  }
  const failed = "A model gives no answer.";
  const left = "A model is not asked for a while, as it failed.";
  const [a, b] = ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"];
  expect(warnings).toMatchObject([
    { sentence: failed, fields: { endpoint: a, more: 0 } },
    { sentence: left, fields: { endpoint: a, more: 0 } },
    { sentence: failed, fields: { endpoint: b, more: 0 } },
  ]);
  now -= 1;
  const endpoint = models?.find("a", undefined);
  if (endpoint !== undefined) models?.apply(endpoint, "apply", new Map());
  expect(warnings[3]).toMatchObject({ sentence: left, fields: { endpoint: a, more: 1 } });
});

test("who evaluates on the server keeps nobody waiting, not through a triage engine either", () => {
  const environment = services.evaluation(open);
  const run = (text: string) => compile(text, environment).evaluate(layered({}));
  expect(() => run("REST_GET('http://127.0.0.1:1/')")).toThrow("REST_GET needs http");
  const rule = `THREAT_TRIAGE_ADD('{}', {'rule': 'REST_GET("http://127.0.0.1:1/") == null', 'score': 1})`;
  expect(() => run(`THREAT_TRIAGE_SCORE('{}', THREAT_TRIAGE_INIT(${rule}))`)).toThrow("REST_GET needs http");
  expect(services.evaluation(open)).toBe(environment);
});

test("a rule knows the holidays of countries", () => {
  // New Year was a Monday in 2024.
  const noon = Date.UTC(2024, 0, 1, 12);
  const periods = (code: string) =>
    compile(
      `LENGTH(PROFILE_WINDOW('1 hour excluding holidays:${code}', ${noon}L))`,
      services.environment(closed),
    ).evaluate(layered({}));
  expect([periods("fr"), periods("il")]).toEqual([0, 5]);
});

test("a rule hashes in other character sets", () => {
  const hash = (name: string) =>
    compile(`HASH('é', 'MD5', {'charset': '${name}'})`, services.environment(closed)).evaluate(layered({}));
  // `printf '\\xe9' | md5sum`
  expect(hash("windows-1252")).toBe("3406877694691ddd1dfb0aca54681407");
  expect(() => hash("EBCDIC")).toThrow("`EBCDIC` is not a character set");
});
