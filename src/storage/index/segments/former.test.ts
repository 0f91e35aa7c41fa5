import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Batch } from "../../../core/batch.ts";
import { blockOf } from "../../../core/block.ts";
import { makeContext } from "../../../core/context.ts";
import type { FieldValue, Message } from "../../../core/message.ts";
import { Double } from "../../../core/number.ts";
import { parse } from "../../../query/parse.ts";
import { type Block, Buffers, DAY } from "../blocks/block.ts";
import { BlockEncoder } from "../blocks/encode.ts";
import type { Index } from "../contract.ts";
import { Database } from "../duckdb/database.ts";
import { HotBlock } from "../duckdb/hot-block.ts";
import { openDuckdbIndex } from "../duckdb/open.ts";
import { batchOf, guids, NOON, put } from "../testing/test-batches.ts";
import { Catalogue } from "./catalogue.ts";
import { isFormer } from "./former.ts";
import { sealBlocks } from "./seal.ts";
import { openShelf } from "./shelf.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

type Rows = readonly Record<string, FieldValue>[];

/** Declared fields, under names of no declaration: what is stored of these is what an earlier layout stored of those. */
const HIDDEN: Readonly<Record<string, string>> = {
  a_port: "ip_src_port",
  a_time: "rt",
  a_count: "bytes",
  a_truth: "local_orig",
  a_length: "duration",
  a_protocol: "protocol",
};

/** Blocks as an earlier layout has them: columns get other names. */
function formerBlocks(batches: readonly Rows[], names: Readonly<Record<string, string>>): Block[] {
  return batches.map((rows, part) => {
    const encoder = new BlockEncoder("s", new Map(), { columns: 400, groupRows: 1e9 }, new Buffers(0));
    const batch = new Batch();
    const lines = rows.map(({ original_string }) => String(original_string ?? "-"));
    batch.load(blockOf(lines, NOON + 7 + part), { topic: "t", partition: 0, offset: 0 });
    for (const [record, row] of rows.entries()) batch.addMessage(record, row as Message);
    const block = encoder.encode(batch) as Block;
    const columns = block.columns.map((column) => ({
      ...column,
      field: names[column.field] ?? column.field,
    }));
    return { ...block, columns };
  });
}

async function formerFolder(batches: readonly Rows[], names = HIDDEN): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "former-"));
  folders.push(folder);
  const options = {
    memory: 100_000_000,
    threads: 1,
    temporary: join(folder, "_temporary"),
    temporaryBytes: 0,
  };
  await using database = await Database.open(options);
  await using catalogue = new Catalogue(folder);
  const shelf = openShelf({ folder, catalogue, database, context: makeContext() });
  await using _writer = shelf.writer;
  for (const block of formerBlocks(batches, names)) {
    const hot = new HotBlock(block, false, () => undefined);
    await catalogue.change({ add: await sealBlocks([hot], shelf) });
    hot.release();
  }
  return folder;
}

const texts: Rows = ["443", "0443", "http", "70000", "", "-1", "8080"].map((a_port, at) => ({
  guid: `t${at}`,
  timestamp: NOON + at,
  a_port,
  a_time: at === 0 ? "yesterday" : String(NOON + at),
  a_count: at === 1 ? "9007199254740993" : at === 2 ? "many" : String(at),
  a_truth: ["true", "False", "no"][at % 3] as string,
  a_length: at === 3 ? "0.50" : String(at / 2),
  a_protocol: "tcp",
  host: "Example.COM",
}));
const values: Rows = [443, 80, 70_000, -1].map((a_port, at) => ({
  guid: `v${at}`,
  // Without a time of its own, but for the last one, whose time is none.
  ...(at === 3 ? { timestamp: "never" } : {}),
  a_port,
  a_time: at === 0 ? 1e15 : NOON + at,
  a_count: at === 1 ? new Double(0.5) : new Double(at),
  a_truth: at % 2 === 0,
  a_length: at,
  a_protocol: at,
  original_string: `port ${a_port} of line ${at}`,
}));

const QUERIES = [
  ...[
    "ip_src_port:443",
    "ip_src_port:>442",
    "ip_src_port:[80 TO 443]",
    "ip_src_port:http",
    "ip_src_port:44*",
  ],
  ...["ip_src_port:04*", "ip_src_port:70000", "NOT ip_src_port:443", "_exists_:ip_src_port", "8080", "0443"],
  ...[
    "rt:2026-11-21",
    "rt:yesterday",
    `rt:>${NOON + 2}`,
    `rt:[${NOON + 1} TO ${NOON + 2}.5]`,
    "rt:>2026-11-22",
  ],
  ...["bytes:9007199254740993", "bytes:many", "bytes:0.5", "bytes:<2", "bytes:0"],
  ...["local_orig:true", "local_orig:false", "local_orig:no"],
  ...["duration:0.5", "duration:0.50", "duration:>=1 AND duration:<2", "duration:1*", "duration:1"],
  ...[
    "protocol:tcp",
    "protocol:2",
    "protocol:[1 TO 2]",
    "host:example.com",
    "timestamp:>=2026-11-21",
    "line",
  ],
];

async function answersOf(index: Index) {
  const found = Object.fromEntries(
    await Promise.all(QUERIES.map(async (query) => [query, await guids(index, query)] as const)),
  );
  const facets = await index.facets({ fields: Object.values(HIDDEN) });
  const counted = facets.map(({ field, values, missing }) => [
    ...[field, missing],
    ...values.map(({ value, count }) => `${value}: ${count}`).sort(),
  ]);
  const histogram = await index.histogram({ from: NOON, to: NOON + 20, interval: 1 });
  return { found, counted, histogram };
}

const guidsOf = (...batches: readonly Rows[]) => batches.flat().map(({ guid }) => String(guid));

test("files of an earlier layout answer as those do that are made of them, and nothing of a message changes", async () => {
  const folder = await formerFolder([texts, values, texts.map((row) => ({ ...row, guid: `x${row.guid}` }))]);
  const all = guidsOf(
    texts,
    values,
    texts.map(({ guid }) => ({ guid: `x${guid}` })),
  );
  const read = async () => {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    const before = { answers: await answersOf(index), messages: await index.get(all) };
    await index.compact();
    return { before, after: { answers: await answersOf(index), messages: await index.get(all) } };
  };
  const { before, after } = await read();
  expect(before.messages).toHaveLength(all.length);
  expect(after).toEqual(before);
  // Some have answers worth comparing.
  expect(before.answers.found["ip_src_port:443"]).toEqual(["t0", "t1", "v0", "xt0", "xt1"]);
  expect(before.answers.found["8080"]).toEqual(["t6", "xt6"]);
  expect(before.answers.histogram.buckets.map(({ count }) => count).slice(0, 10)).toEqual([
    2, 2, 2, 2, 2, 2, 2, 0, 4, 0,
  ]);
  {
    await using catalogue = new Catalogue(folder);
    expect([...catalogue.segments.values()].map(({ schema }) => isFormer(schema))).toEqual([
      false,
      false,
      false,
    ]);
    const types = [...catalogue.segments.values()].map(
      ({ schema }) => schema.columns.get("ip_src_port")?.type,
    );
    expect(types.sort()).toEqual(["int", "int-text", "int-text"]);
    expect([...catalogue.segments.values()].flatMap(({ keys }) => keys)).toEqual([1, 1, 1]);
  }
  // What was made once more is left alone.
  expect((await read()).after).toEqual(before);
});

test("what a sensor with such files sends now is stored as it is declared", async () => {
  const folder = await formerFolder([texts]);
  const rows = [{ ip_src_port: "443" }, { ip_src_port: "0443" }, { ip_src_port: "ssh" }];
  {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    await put(await index.writer("one"), "s", batchOf(rows));
    await index.seal();
    expect(await index.get(["g0", "g1", "g2"])).toMatchObject(rows);
    expect(await guids(index, "ip_src_port:443")).toEqual(["g0", "g1", "t0", "t1"]);
    expect(await guids(index, "ip_src_port:ssh OR ip_src_port:http")).toEqual(["g2", "t2"]);
  }
  await using catalogue = new Catalogue(folder);
  const types = [...catalogue.segments.values()].map(({ schema }) => schema.columns.get("ip_src_port")?.type);
  expect(types.sort()).toEqual(["int-text", "text"]);
});

test("messages of several days in one file stay in one", async () => {
  const days: Rows = Array.from({ length: 60 }, (_, day) => ({
    guid: `d${String(day).padStart(2, "0")}`,
    timestamp: NOON + day * DAY,
    a_port: String(day),
  }));
  const folder = await formerFolder([days]);
  await using index = await openDuckdbIndex(folder, {}, makeContext());
  await index.compact();
  expect((await index.stats()).segments).toBe(1);
  const { messages } = await index.search({ query: parse("ip_src_port:<3"), from: NOON + DAY });
  expect(messages.map(({ guid, ip_src_port }) => [guid, ip_src_port])).toEqual([
    ["d02", "2"],
    ["d01", "1"],
  ]);
});

test("fields that are declared no more, or otherwise, are made once more a single time", async () => {
  const rows: Rows = [0, 1, 2].map((at) => ({
    ...{
      guid: `g${at}`,
      timestamp: NOON + at,
      ip_src_port: String(at),
      rt: NOON + at,
      ip_dst_port: at,
      user: "ann",
    },
    ...{ duration: `${at}.5` },
  }));
  // A port becomes a truth, a text a number, and a text of numbers a text.
  const names = {
    ip_src_port: "a_port",
    rt: "a_time",
    ip_dst_port: "local_orig",
    user: "bytes",
    duration: "host",
  };
  const folder = await formerFolder([rows], names);
  const read = async () => {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    const before = await index.get(guidsOf(rows));
    await index.compact();
    return [before, await index.get(guidsOf(rows))];
  };
  const [before, after] = await read();
  expect(
    before?.map(({ a_port, a_time, local_orig, bytes, host }) => [a_port, a_time, local_orig, bytes, host]),
  ).toEqual([0, 1, 2].map((at) => [String(at), NOON + at, at, "ann", `${at}.5`]));
  expect(after).toEqual(before);
  const segments = async () => {
    await using catalogue = new Catalogue(folder);
    return [...catalogue.segments.values()].map(({ id, schema }) => [id, isFormer(schema)]);
  };
  const made = await segments();
  expect(made).toEqual([[expect.any(String), false]]);
  expect(await read()).toEqual([before, before]);
  expect(await segments()).toEqual(made);
});

test("a field of messages that is called as columns of texts are today answers as before, also once its file is made once more", async () => {
  const rows = [
    { guid: "u0", timestamp: NOON, a_port: "0443", a_text: "plain", b_text: "one" },
    { guid: "u1", timestamp: NOON + 1, a_port: "80", a_text: "other words", n: 1 },
  ];
  const folder = await formerFolder([rows, [{ guid: "u2", timestamp: NOON + 2, b_text: "two" }]], {
    ...{ a_port: "ip_src_port", a_text: "_text.ip_src_port", b_text: "_text.note" },
  });
  const stored = [
    { ip_src_port: "0443", "_text.ip_src_port": "plain", "_text.note": "one" },
    { ip_src_port: "80", "_text.ip_src_port": "other words", n: 1 },
  ];
  // The second start finds what the first one noted, and the third what it made once more.
  for (const options of [{ layout: 2 }, {}, {}]) {
    await using index = await openDuckdbIndex(folder, options, makeContext());
    expect(await index.get(["u0", "u1"])).toMatchObject(stored);
    const chosen = await index.search({ query: parse("n:1"), fields: ["_text.ip_src_port"] });
    expect(chosen.messages).toEqual([{ guid: "u1", "_text.ip_src_port": "other words" }]);
    expect(await guids(index, "_text.ip_src_port:plain")).toEqual(["u0"]);
    expect(await guids(index, "_text.note:o*")).toEqual(["u0"]);
    expect(await guids(index, "_exists_:_text.note")).toEqual(["u0", "u2"]);
    expect(await guids(index, "words")).toEqual(["u1"]);
    expect(await guids(index, "ip_src_port:443")).toEqual(["u0"]);
    const [facet] = await index.facets({ fields: ["_text.note"] });
    expect(facet?.values).toEqual([
      { value: "one", count: 1 },
      { value: "two", count: 1 },
    ]);
    const { messages: none } = await index.search({ query: parse("n:1"), fields: ["ip_src_port"] });
    expect(none).toEqual([{ guid: "u1", ip_src_port: "80" }]);
    if (options.layout === undefined) await index.compact();
  }
  await using catalogue = new Catalogue(folder);
  const columns = [...catalogue.segments.values()].flatMap(({ schema }) => [...schema.columns.keys()]);
  expect(columns.filter((field) => field.startsWith("_former."))).toEqual([]);
});

test("columns that were renamed are not taken for new ones of their former name", async () => {
  const folder = await formerFolder([texts], { a_port: "_text.a_port" });
  await using catalogue = new Catalogue(folder, 2);
  const [segment] = catalogue.segments.values();
  const columns = [...(segment?.schema.columns.values() ?? [])];
  expect(columns.map(({ field }) => field)).toContain("_former._text.a_port");
  const former = columns.map((column) => ({ ...column, field: column.field.replace("_former.", "") }));
  const schema = catalogue.schema(former);
  expect([...schema.columns.keys()]).toEqual(former.map(({ field }) => field));
  expect(schema.id).not.toBe(segment?.schema.id);
  expect(catalogue.schema(former)).toBe(schema);
});
