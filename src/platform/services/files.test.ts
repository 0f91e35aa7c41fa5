import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compile } from "../../stellar/run/compile.ts";
import { layered, makeEnvironment } from "../../stellar/run/environment.ts";
import type { Services } from "../../stellar/run/services.ts";
import { storeValue } from "../../stellar/sketches/store-value.ts";
import { fromMessage, StellarMap, toMessage } from "../../stellar/values/value.ts";
import { localFiles, platformFiles } from "./files.ts";
import { objectLookup } from "./objects.ts";

let folder: string;
let root: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "metron-files-"));
  root = join(folder, "files");
  mkdirSync(root);
  writeFileSync(join(folder, "secret"), "secret");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(text: string, services: Partial<Services>, variables = {}): unknown {
  return toMessage(compile(text, makeEnvironment({ services })).evaluate(layered(variables)));
}

describe("the platform's files", () => {
  test("are written, read, listed and removed below their folder", () => {
    const services = { platformFiles: platformFiles(root, true) };
    expect(run("HDFS_WRITE('one\ntwo\n', '/lists/a.txt')", services)).toBe(true);
    expect(run("HDFS_READ('hdfs://namenode:8020/lists/a.txt')", services)).toBe("one\ntwo\n");
    expect(run("HDFS_READ_LINES('lists/a.txt')", services)).toEqual(["one", "two"]);
    expect(run("HDFS_LS('/lists')", services)).toMatch(/║ -rw-r--r-- │ .* │ 8 +│ .* │ a\.txt ║/);
    expect(run("HDFS_RM('/lists')", services)).toBe(false);
    expect(run("HDFS_RM('/lists', true)", services)).toBe(true);
    expect(run("HDFS_RM('/lists')", services)).toBe(true);
    expect(run("HDFS_LS('/lists')", services)).toBeNull();
    expect(run("HDFS_RM('/', true)", services)).toBe(false);
  });

  test.each(["../secret", "/../secret", "a/../../secret", "link", "out/secret", "a\0b"])(
    "%j does not lead out of it",
    (path) => {
      symlinkSync(join(folder, "secret"), join(root, "link"));
      symlinkSync(folder, join(root, "out"));
      const services = { platformFiles: platformFiles(root, true) };
      expect(run("HDFS_READ(path)", services, { path })).toBeNull();
      expect(run("HDFS_WRITE('x', path)", services, { path })).toBe(false);
      expect(run("HDFS_RM(path, true)", services, { path })).toBe(false);
      expect(localFiles().read(join(folder, "secret"))).toBe("secret");
    },
  );

  test("are only read where expressions may change nothing", () => {
    writeFileSync(join(root, "a"), "a");
    const services = { platformFiles: platformFiles(root, false) };
    expect(run("[HDFS_READ('a'), HDFS_WRITE('b', 'a'), HDFS_RM('a')]", services)).toEqual([
      "a",
      false,
      false,
    ]);
  });
});

test("files of this machine", () => {
  const services = { localFiles: localFiles() };
  const path = join(folder, "new", "a");
  expect(run("LOCAL_WRITE('a', path)", services, { path })).toBe(true);
  expect(run("LOCAL_READ(path)", services, { path })).toBe("a");
  utimesSync(join(folder, "secret"), 1, 1);
  const listing = String(run("LOCAL_LS(path)", services, { path: folder })).split("\n");
  expect(listing[3]).toMatch(/^║ -rw.* │ 1970-01-01 00:00:01 │ secret +║$/);
  expect(run("LOCAL_RM(path)", services, { path })).toBe(true);
  expect(run("LOCAL_READ(path)", services, { path })).toBeNull();
  expect(run("LOCAL_WRITE('a', '/proc/none/a')", services)).toBe(false);
});

describe("stored objects", () => {
  const map = new StellarMap([["evil.example.com", "bad"]]);

  test("are read with their type", () => {
    writeFileSync(join(root, "map"), storeValue(map));
    const services = { objects: objectLookup(root, () => new StellarMap(), Date.now) };
    expect(run("ENRICHMENT_OBJECT_GET('/map', 'evil.example.com')", services)).toBe("bad");
    expect(run("LENGTH(OBJECT_GET('/map'))", services)).toBe(1);
  });

  test("are refused when missing, outside, damaged or too large", () => {
    writeFileSync(join(root, "map"), storeValue(map));
    writeFileSync(join(root, "damaged"), "nonsense");
    const settings = fromMessage({ "object.cache.max.file.size": 3 }) as StellarMap;
    const services = { objects: objectLookup(root, () => settings, Date.now) };
    expect(() => run("OBJECT_GET('/none')", services)).toThrow("there is no object `/none`");
    expect(() => run("OBJECT_GET('../secret')", services)).toThrow("there is no object");
    expect(() => run("OBJECT_GET('')", services)).toThrow("there is no object");
    expect(() => run("OBJECT_GET('/map')", services)).toThrow(/has \d+ bytes; 3 is the most/);
    const plain = { objects: objectLookup(root, () => new StellarMap(), Date.now) };
    expect(() => run("OBJECT_GET('/damaged')", plain)).toThrow();
  });

  test("are remembered for as long and as many as the settings say", () => {
    let now = 0;
    const settings = {
      "object.cache.expiration": 2,
      "object.cache.time.unit": "SECONDS",
      "object.cache.size": 1,
    };
    const objects = objectLookup(
      root,
      () => fromMessage(settings) as StellarMap,
      () => now,
    );
    const put = (name: string, value: number) => writeFileSync(join(root, name), storeValue(value));
    put("a", 1);
    put("b", 1);
    expect(objects("a")).toBe(1);
    put("a", 2);
    now = 1999;
    expect(objects("a")).toBe(1);
    now = 2000;
    expect(objects("a")).toBe(2);
    put("a", 3);
    expect(objects("b")).toBe(1);
    expect(objects("a")).toBe(3);
  });
});
