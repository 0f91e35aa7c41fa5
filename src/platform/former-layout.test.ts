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
import { DuckdbReader } from "../storage/index/testing/foreign-readers.ts";
import type { Platform } from "./platform.ts";
import { found, send, testPlatforms, upTo } from "./testing/test-platform.ts";

/** A data folder that the commit before the next layout wrote; see vectors/storage/README.md. */
function unpackFormer(data: string, layout: number): void {
  const packed = readFileSync(join(import.meta.dirname, `../../vectors/storage/layout-${layout}.br`));
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
  unpackFormer(platforms.data, 1);
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
  ).toEqual(["columns.parquet"]);
  expect(
    readdirSync(index)
      .filter((name) => name.startsWith("_"))
      .sort(),
  ).toEqual([
    "_catalogue.mdb",
    "_catalogue.mdb-lock",
    "_catalogue.mdb.broken-20261101T000000Z",
    "_changes.jsonl",
    "_common_metadata",
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

/** Record number `n` of the sensors of layout-2.br. */
const sent = {
  web: (n: number) => ({
    ...{
      number: n,
      ip_src_port: 1000 + n,
      duration: n % 2 ? n / 2 : n,
      bytes: n * 10,
      local_orig: n % 2 === 0,
    },
  }),
  gate: (n: number) => ({
    number: n,
    ip_src_port: { 3: "http", 4: "0443", 5: "70000" }[n] ?? String(1000 + n),
    duration: n === 6 ? "0.50" : String(n / 2),
    bytes: n === 7 ? "9007199254740993" : String(n * 10),
    local_orig: n === 8 ? "TRUE" : String(n % 2 === 0),
    protocol: 17,
  }),
};

/** What searches say of the sensors of layout-2.br, whichever types their columns have. */
async function typedAnswers({ index }: Platform) {
  const asked = async (text: string, sensor?: "web" | "gate") => {
    const sensors = sensor && [sensor];
    const { messages } = await index.search({ query: parse(text), size: 1000, sensors });
    return messages.map(({ number }) => Number(number)).sort((one, other) => one - other);
  };
  const facets = await index.facets({ query: parse("number:<3"), fields: ["ip_src_port", "local_orig"] });
  return {
    ports: await asked("ip_src_port:>=1030 AND number:<33"),
    port: await asked("ip_src_port:443"),
    service: await asked("ip_src_port:http"),
    beyond: await asked("ip_src_port:70000"),
    wide: await asked("bytes:9007199254740993"),
    truths: (await asked("local_orig:true", "gate")).length,
    half: await asked("duration:0.5"),
    protocol: (await asked("protocol:17")).length,
    time: await asked("timestamp:[2026-11-21T12:00:00.038Z TO 2026-11-22]"),
    word: await asked("0443"),
    counted: facets.map(({ values }) => values.map(({ value, count }) => [String(value), count])),
  };
}

const TYPED = {
  ...{ ports: [5, 30, 30, 31, 31, 32, 32], port: [4], service: [3], beyond: [5], wide: [7], truths: 20 },
  ...{ half: [1, 1, 6], protocol: 40, time: [38, 38, 39, 39], word: [4] },
  counted: [
    ...[
      [
        ["1000", 2],
        ["1001", 2],
        ["1002", 2],
      ],
    ],
    ...[
      [
        ["true", 4],
        ["false", 2],
      ],
    ],
  ],
};

test("a data folder of the second layout answers the same, before and after its files were made again", async () => {
  using platforms = testPlatforms({ sensors: {} });
  unpackFormer(platforms.data, 2);
  const index = join(platforms.data, "index");
  const files = () => globSync("sensor=*/**/[!_]*.parquet", { cwd: index }).sort();
  const before = files();
  for (const isMadeAgain of [false, true]) {
    await using platform = await platforms.open();
    if (isMadeAgain) await platform.index.compact();
    expect(await typedAnswers(platform)).toEqual(TYPED);
    for (const sensor of ["web", "gate"] as const) {
      const messages = await found(platform, "", sensor);
      expect(messages).toHaveLength(40);
      for (const message of messages) expect(message).toMatchObject(sent[sensor](Number(message.number)));
    }
  }
  expect(files().filter((file) => before.includes(file))).toEqual([]);
  using reader = await DuckdbReader.open();
  const [types] = await reader.rows(
    `SELECT list(DISTINCT column_type ORDER BY column_type) FROM (
      ${files()
        .map((file) => `SELECT * FROM (DESCRIBE SELECT ip_src_port FROM '${join(index, file)}')`)
        .join(" UNION ALL ")})`,
  );
  expect(types).toEqual([["INTEGER"]]);
});

test("a data folder of a later layout is refused and not touched", async () => {
  using platforms = testPlatforms();
  await (await platforms.open())[Symbol.asyncDispose]();
  const path = join(platforms.data, "layout.json");
  expect(readFileSync(path, "utf8")).toBe('{"layout":3}\n');
  writeFileSync(path, '{"layout":4,"more":"facts"}');
  const before = readdirSync(platforms.data, { recursive: true });
  await expect(platforms.open()).rejects.toMatchObject({
    code: "STORAGE_NEWER",
    message: `opening ${platforms.data}: ${path} says layout 4, and this version knows layouts up to 3`,
  });
  expect(readdirSync(platforms.data, { recursive: true })).toEqual(before);
  writeFileSync(path, "{}");
  await expect(platforms.open()).rejects.toMatchObject({ code: "STORAGE_CORRUPT" });
});
