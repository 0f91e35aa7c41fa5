import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { formatIpv4, formatIpv6, type Ipv6 } from "../../../core/ip.ts";
import { parse } from "../../../query/parse.ts";
import type { Query } from "../../../query/tree.ts";
import { canonicalKey } from "../../../schema/canonical.ts";
import type { Index } from "../contract.ts";
import { Catalogue } from "../segments/catalogue.ts";
import { batchOf, guids, put } from "../testing/test-batches.ts";
import { openDuckdbIndex } from "./open.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "metron-values-"));
  folders.push(folder);
  return folder;
}

/** Makes the files of an index look like those of a version that stored no keys. */
async function forgetKeys(folder: string): Promise<void> {
  await using catalogue = new Catalogue(folder);
  await catalogue.change({
    add: [...catalogue.segments.values()].map((segment) => ({ ...segment, keys: undefined })),
  });
}

const octets = fc.integer({ min: 0, max: 0xffffffff });
const digits = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 32, maxLength: 32 });
const letters = fc.string({ unit: fc.constantFrom(..."abcz09-"), minLength: 1, maxLength: 5 });
const name = fc.tuple(letters, letters, fc.constantFrom("com", "example")).map((labels) => labels.join("."));
/** Values of few kinds and few different ones, so that some are equal. */
const plain = fc.oneof(
  octets.map((word) => formatIpv4(word & 0xff)),
  fc.tuple(octets, octets).map(([a, b]) => formatIpv6([0x20010db8, a & 3, 0, b & 0xffff] as Ipv6)),
  digits,
  name,
  name.map((domain) => `http://${domain}/Path`),
  name.map((domain) => `user@${domain}`),
  digits.map((hex) => (hex.slice(0, 12).match(/../g) as string[]).join(":")),
  fc.constantFrom("word", "Word", "two words", "WORD.", "1.2.3", "", "/A.B"),
);
/** Other spellings of a value, and some that are none of it. */
const spellings: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => `${text}.`,
  (text) => `::ffff:${text}`,
  (text) => text.replace("::", ":0::"),
  (text) => text.replace(/^(\w+:\w+)::/, "$1:0:0::"),
  (text) => text.replaceAll(":", "-"),
  (text) => `${text}%eth0`,
  (text) => text.replace(/^([0-9a-f]{2}){16}$/, (hex) => (hex.match(/../g) as string[]).join(":")),
  (text) => text.replace(/\/Path$/, ":80/Path"),
];
const spelt = fc.tuple(plain, fc.constantFrom(...spellings)).map(([text, spell]) => spell(text));

test("a search finds what has the same key: in columns, in files without keys, in lists, hot and sealed", async () => {
  const texts = fc.sample(spelt, { numRuns: 300, seed: 7 });
  const wanted = [...new Set(texts)].filter((text) => canonicalKey(text) !== text).slice(0, 12);
  const folder = await emptyFolder();
  const settings = { groupRows: 1 };
  // Few different texts in many messages are kept as a list of them.
  const few = texts.map((_, at) => texts[at % 20] as string);
  // And most messages, also the first, have no text there.
  const hasSparse = (at: number) => at % 3 === 1;
  const sparseAt = (at: number) => wanted[at % 5] as string;
  const sparse = [...texts.keys()].filter(hasSparse).map(sparseAt);
  const valuesOf = { text: texts, list: texts, mixed: texts, few, sparse };
  const expectAll = async (index: Index, what: string) => {
    for (const value of [...wanted, ...new Set(few)]) {
      const same = (text: string) => canonicalKey(text) === canonicalKey(value);
      for (const [field, values] of Object.entries(valuesOf)) {
        const expected = values.filter(same).length;
        const query: Query = { kind: "term", field, value };
        expect([what, field, value, await index.count({ query })]).toEqual([what, field, value, expected]);
      }
    }
    for (const [field, values] of Object.entries(valuesOf)) {
      const [facet] = await index.facets({ fields: [field], size: 1000 });
      const counted = Object.fromEntries((facet?.values ?? []).map(({ value, count }) => [value, count]));
      const expected = Object.fromEntries(
        [...Map.groupBy(values, (text) => canonicalKey(text))].map(([key, own]) => [key, own.length]),
      );
      expect([what, field, counted]).toEqual([what, field, expected]);
    }
  };
  {
    await using index = await openDuckdbIndex(folder, settings, makeContext());
    const writer = await index.writer("one");
    const messages = texts.map((text, at) => ({
      text,
      few: few[at] as string,
      ...(hasSparse(at) ? { sparse: sparseAt(at) } : {}),
      mixed: at % 40 === 9 ? [text] : text,
    }));
    for (let at = 0; at < messages.length; at += 100)
      await put(
        writer,
        "s",
        batchOf(
          messages.slice(at, at + 100).map((message) => ({ ...message, list: [message.text] })),
          at,
        ),
      );
    await expectAll(index, "hot");
    await index.seal();
    await expectAll(index, "sealed");
    const found = await index.search({ size: 300, sort: [{ field: "timestamp", descending: false }] });
    expect(found.messages.map(({ text }) => text)).toEqual(texts);
  }
  await forgetKeys(folder);
  await using old = await openDuckdbIndex(folder, settings, makeContext());
  await expectAll(old, "without keys");
}, 60_000);

test("row groups are left out by the key, and only texts in another spelling have one", async () => {
  const folder = await emptyFolder();
  await using index = await openDuckdbIndex(folder, { groupRows: 1 }, makeContext());
  const writer = await index.writer("one");
  const long = (part: number, row: number) =>
    `2001:0db8:0000:0000:0000:0000:000${part}:${(row + 1000).toString(16)}`;
  for (const part of [0, 1, 2])
    await put(
      writer,
      "s",
      batchOf(
        Array.from({ length: 50 }, (_, row) => ({ ip: long(part, (row * 7) % 50), host: `h${row}.example` })),
        part * 50,
      ),
    );
  await index.seal();
  await index[Symbol.asyncDispose]();
  await using catalogue = new Catalogue(folder);
  const [segment] = catalogue.segments.values();
  expect([...(segment?.schema.columns.keys() ?? [])].filter((field) => field.startsWith("_key"))).toEqual([
    "_key.ip",
  ]);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const path = join(folder, segment?.file ?? "");
  const probed = await connection.runAndReadAll(
    `SELECT bloom_filter_excludes FROM parquet_bloom_probe('${path}', '_key.ip', '${canonicalKey(long(1, 7))}') ORDER BY row_group_id`,
  );
  expect(probed.getRowsJS()).toEqual([[true], [false], [true]]);
  connection.disconnectSync();
  instance.closeSync();
});

test("weeks begin on Monday, whatever day it is", async () => {
  const folder = await emptyFolder();
  const now = Date.UTC(2026, 10, 29, 12);
  await using index = await openDuckdbIndex(folder, {}, makeContext({ clock: { now: () => now } }));
  const writer = await index.writer("one");
  const times = [1795514400000, 1794909600000, Date.UTC(2026, 10, 23), Date.UTC(2026, 10, 23) - 1];
  await put(writer, "s", batchOf(times.map((timestamp, at) => ({ guid: `W${at + 1}`, timestamp }))));
  expect(await guids(index, "timestamp:[now/w TO now]")).toEqual(["W1", "W3"]);
  expect(await guids(index, "timestamp:[now-1w/w TO now/w}")).toEqual(["W2", "W4"]);
});

test("files with and without keys are searched as one, and merged they have none", async () => {
  const folder = await emptyFolder();
  const ip = "2001:0db8:0000:0000:0000:0000:0000:0001";
  const write = async (offset: number) => {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    const writer = await index.writer("one");
    for (const at of [0, 1]) {
      await put(writer, "s", batchOf([{ ip }], offset + at));
      await index.seal();
    }
  };
  await write(0);
  await forgetKeys(folder);
  await write(2);
  {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    expect(await guids(index, "ip:2001:db8::1")).toEqual(["g0", "g1", "g2", "g3"]);
    expect((await index.facets({ fields: ["ip"] }))[0]?.values).toEqual([{ value: "2001:db8::1", count: 4 }]);
    await index.compact();
    expect((await index.stats()).segments).toBe(1);
    expect(await guids(index, "ip:2001:db8::1")).toEqual(["g0", "g1", "g2", "g3"]);
    expect(
      (await index.search({ query: parse("ip:2001:db8::1") })).messages.map((message) => message.ip),
    ).toEqual(Array(4).fill(ip));
    await index.patch("g1", { set: { ip: "2001:db8:0:0::1" } }, "ann");
    expect(await guids(index, "ip:2001:db8::1")).toEqual(["g0", "g1", "g2", "g3"]);
    expect((await index.facets({ fields: ["ip"] }))[0]?.values).toEqual([{ value: "2001:db8::1", count: 4 }]);
  }
  await using catalogue = new Catalogue(folder);
  expect([...catalogue.segments.values()].map(({ keys }) => keys)).toEqual([undefined]);
});

test("a field keeps its type over a start, also one that begins like columns of the index's own", async () => {
  const folder = await emptyFolder();
  for (const [at, value] of ["a", 5].entries()) {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    await put(await index.writer("one"), "s", batchOf([{ _id: value, id: value }], at));
    await index.seal();
  }
  await using catalogue = new Catalogue(folder);
  const types = [...catalogue.segments.values()].flatMap(({ schema }) =>
    ["_id", "id"].flatMap((field) => schema.columns.get(field)?.type ?? []),
  );
  expect(types).toEqual(["text", "text"]);
});
