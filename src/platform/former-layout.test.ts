import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { parse } from "../query/parse.ts";
import type { Platform } from "./platform.ts";
import { found, send, testPlatforms, upTo } from "./testing/test-platform.ts";

/** A data folder that the commit before the present layout wrote; see vectors/storage/README.md. */
function unpackFormer(data: string): void {
  const packed = readFileSync(join(import.meta.dirname, "../../vectors/storage/layout-1.br"));
  const bytes = brotliDecompressSync(packed);
  const line = bytes.indexOf("\n");
  let at = line + 1;
  const files = JSON.parse(bytes.subarray(0, line).toString()) as [string, number, number][];
  for (const [file, length, stored] of files) {
    const path = join(data, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes.subarray(at, at + stored));
    truncateSync(path, length);
    at += stored;
  }
}

async function answers(platform: Platform) {
  const { index } = platform;
  const messages = await found(platform, "number:<40");
  const [facet] = await index.facets({ query: parse("number:<40"), fields: [SCORE], size: 1 });
  return {
    numbers: messages.map(({ number }) => Number(number)).sort((one, other) => one - other),
    changed: (await index.search({ query: parse("alert_status:OPEN") })).messages.map(({ number }) => number),
    total: await index.count({}),
    facet: [facet?.values, facet?.distinct],
    rejected: await index.count({ sensors: ["error"] }),
    indicator: platform.tables.threatIntel.get("malicious_ip", "192.0.2.7"),
    problems: (await platform.status()).problems,
  };
}

const SCORE = "sent.threat.triage.score";
const EXPECTED = {
  numbers: upTo(40),
  changed: [0],
  facet: [[{ value: 0, count: 2 }], 20],
  rejected: 2,
  indicator: { source: "list" },
  problems: [],
};

/** Files and folders that Spark, pandas and pyarrow see; the folders of sensors and what they may read. */
const visible = (index: string) =>
  globSync("**/*", { cwd: index }).filter((path) => !path.split("/").some((part) => part.startsWith("_")));

test("a data folder of the first layout opens, answers the same, and gets the present names", async () => {
  using platforms = testPlatforms({ sensors: {} });
  const index = join(platforms.data, "index");
  unpackFormer(platforms.data);
  // As after a kill: a lock, room of searches, a draft that no catalogue lists, and what an earlier start set aside.
  writeFileSync(join(index, "lock"), "999999999 1");
  writeFileSync(join(index, "catalogue.mdb-lock"), "");
  writeFileSync(join(index, "catalogue.mdb.broken-20261101T000000Z"), "damaged");
  mkdirSync(join(index, "temporary"));
  const [first = ""] = globSync("sensor=web/**/*.parquet", { cwd: index });
  writeFileSync(join(index, `${first}.tmp`), "half a file");
  writeFileSync(join(index, `${first}.0.set-aside`), "refused");
  mkdirSync(join(index, "set-aside", dirname(first)), { recursive: true });
  writeFileSync(join(index, "set-aside", first), "damaged");
  {
    await using platform = await platforms.open();
    expect(await answers(platform)).toEqual({ ...EXPECTED, total: 42 });
    // Two more files of the same day: enough for the former ones to be merged.
    const [{ timestamp } = {}] = await found(platform, "number:0");
    for (const number of [40, 41]) {
      await send(platform, [JSON.stringify({ number, timestamp })]);
      await platform.caughtUp();
      await platform.seal();
    }
    await platform.index.compact();
    expect(globSync("sensor=web/**/[!_]*.parquet", { cwd: index })).toHaveLength(1);
    expect(await answers(platform)).toEqual({ ...EXPECTED, total: 44 });
  }
  expect(
    visible(index).filter((path) => !/^sensor=[^/]+(\/day=[^/]+(\/\w+\.parquet)?)?$/.test(path)),
  ).toEqual([]);
  expect(
    readdirSync(index)
      .filter((name) => name.startsWith("_"))
      .sort(),
  ).toEqual([
    "_catalogue.mdb",
    "_catalogue.mdb-lock",
    "_catalogue.mdb.broken-20261101T000000Z",
    "_changes.jsonl",
    "_manifest.json",
    "_set-aside",
  ]);
  expect(existsSync(join(index, dirname(first), `_${basename(first)}.tmp`))).toBe(false);
  expect(readFileSync(join(index, dirname(first), `_${basename(first)}.0.set-aside`), "utf8")).toBe(
    "refused",
  );
  const { files } = JSON.parse(readFileSync(join(index, "_manifest.json"), "utf8"));
  expect(files.map(({ path }: { path: string }) => path).sort()).toEqual(
    globSync("sensor=*/**/[!_]*.parquet", { cwd: index }).sort(),
  );
  await using platform = await platforms.open();
  expect(await answers(platform)).toEqual({ ...EXPECTED, total: 44 });
});

test("a data folder of a later layout is refused and not touched", async () => {
  using platforms = testPlatforms();
  await (await platforms.open())[Symbol.asyncDispose]();
  const path = join(platforms.data, "layout.json");
  expect(readFileSync(path, "utf8")).toBe('{"layout":2}\n');
  writeFileSync(path, '{"layout":3,"more":"facts"}');
  const before = readdirSync(platforms.data, { recursive: true });
  await expect(platforms.open()).rejects.toMatchObject({
    code: "STORAGE_NEWER",
    message: `opening ${platforms.data}: ${path} says layout 3, and this version knows layouts up to 2`,
  });
  expect(readdirSync(platforms.data, { recursive: true })).toEqual(before);
  writeFileSync(path, "{}");
  await expect(platforms.open()).rejects.toMatchObject({ code: "STORAGE_CORRUPT" });
});
