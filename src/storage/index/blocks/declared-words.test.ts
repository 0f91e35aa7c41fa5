import { expect, test } from "vitest";
import { Dictionary } from "../../../core/dictionary.ts";
import { batchOf } from "../testing/test-batches.ts";
import { Buffers } from "./block.ts";
import { BlockEncoder } from "./encode.ts";
import { cellReader } from "./read-cells.ts";

/** What a block of messages says of a field, and which of its texts are beside it. Null: the message has no such word. */
function blocksOf(field: string, batches: readonly (readonly (string | null)[])[]): unknown[] {
  const encoder = new BlockEncoder("s", new Map(), { columns: 100, groupRows: 1 }, new Buffers(0));
  const dictionary = new Dictionary();
  return batches.map((words) => {
    const batch = batchOf(words.map(() => ({})));
    const column = batch.column(field);
    column.dictionary = dictionary;
    for (const [row, word] of words.entries()) {
      column.setWord(row, dictionary.code(word ?? ""));
      if (word === null) column.clear(row);
    }
    const block = encoder.encode(batch);
    const read = (name: string) => {
      const found = block?.columns.find((own) => own.field === name);
      return block && found && words.map((_, row) => cellReader(block, found)(row));
    };
    return {
      type: block?.columns.find((own) => own.field === field)?.type,
      values: read(field),
      texts: read(`_text.${field}`),
    };
  });
}

test("words that spell fractions become these, and others stand beside them, also words of later batches", () => {
  const field = "enrichments.geo.ip_src_addr.latitude";
  const first = ["37.5", null, "37.50", "37.5", "north"];
  const many = Array.from({ length: 40 }, (_, index) => `${index}.25`);
  const second = ["-12.25", "37.5", "1e1", "37.50", null];
  expect(blocksOf(field, [first, second, ["37.5", "-12.25"], ["37.50", ...many]])).toEqual([
    {
      type: "double-text",
      values: [37.5, null, 37.5, 37.5, null],
      texts: [null, null, "37.50", null, "north"],
    },
    {
      type: "double-text",
      values: [-12.25, 37.5, 10, 37.5, null],
      texts: [null, null, "1e1", "37.50", null],
    },
    { type: "double-text", values: [37.5, -12.25], texts: undefined },
    {
      type: "double-text",
      values: [37.5, ...many.map(Number)],
      texts: ["37.50", ...many.map(() => null)],
    },
  ]);
});

test("words that spell whole numbers keep all their digits, and ports stay within their range", () => {
  const wide = "9007199254740993";
  expect(blocksOf("bytes", [["7", wide, "07"]])).toEqual([
    { type: "long-text", values: [7n, 9007199254740993n, 7n], texts: [null, null, "07"] },
  ]);
  expect(blocksOf("ip_src_port", [["443", "65536", "443"]])).toEqual([
    { type: "int-text", values: [443n, null, 443n], texts: [null, "65536", null] },
  ]);
});

test("numbers that a column cannot hold are kept beside it", () => {
  const encoder = new BlockEncoder("s", new Map(), { columns: 100, groupRows: 1 }, new Buffers(0));
  const batch = batchOf([
    { bytes: 5, ip_src_port: 443, duration: 0.5, orig_bytes: 2 ** 40 + 1 },
    { bytes: 2.5, ip_src_port: 65_536, duration: 1, orig_bytes: 0 },
    { bytes: 2 ** 40, ip_src_port: 0, duration: -2, orig_bytes: -(2 ** 40) },
  ]);
  const block = encoder.encode(batch);
  const read = (name: string) => {
    const column = block?.columns.find(({ field }) => field === name);
    return block && column && [0, 1, 2].map(cellReader(block, column));
  };
  expect(read("bytes")).toEqual([5n, null, 2n ** 40n]);
  expect(read("ip_src_port")).toEqual([443n, null, 0n]);
  expect(read("duration")).toEqual([0.5, 1, -2]);
  expect(read("orig_bytes")).toEqual([2n ** 40n + 1n, 0n, -(2n ** 40n)]);
  expect(read("_rest")).toEqual([null, '{"bytes":2.5,"ip_src_port":65536}', null]);
});

test("cells without a value are zero, whatever the memory held before", () => {
  const buffers = new Buffers(1_000_000);
  const used = new SharedArrayBuffer(4096);
  new Uint8Array(used).fill(255);
  buffers.give(used);
  const encoder = new BlockEncoder("s", new Map(), { columns: 100, groupRows: 1e6 }, buffers);
  const block = encoder.encode(batchOf([{ bytes: 5, duration: 1.5 }, {}]));
  expect(block?.cells).toBe(used);
  for (const field of ["bytes", "duration"]) {
    const { data = 0 } = block?.columns.find((column) => column.field === field) ?? {};
    expect(new BigInt64Array(used, data, 2)[1]).toBe(0n);
  }
});

test("a declared field whose cells were all taken back is no column", () => {
  const encoder = new BlockEncoder("s", new Map(), { columns: 100, groupRows: 1 }, new Buffers(0));
  const fields = [false, true].map((isTakenBack) => {
    const batch = batchOf([{ bytes: "7" }]);
    if (isTakenBack) batch.column("bytes").clear(0);
    return encoder.encode(batch)?.columns.map(({ field }) => field);
  });
  expect(fields).toEqual([expect.arrayContaining(["bytes"]), expect.not.arrayContaining(["bytes"])]);
});

test("keys of words that have another one are found in every batch, and of no other dictionary", () => {
  const encoder = new BlockEncoder("s", new Map(), { columns: 100, groupRows: 1 }, new Buffers(0));
  const keysOf = (words: readonly string[]) => {
    const batch = batchOf(words.map(() => ({})));
    const column = batch.column("place");
    column.dictionary = dictionary;
    for (const [row, word] of words.entries()) column.setWord(row, dictionary.code(word));
    const block = encoder.encode(batch);
    const keys = block?.columns.find(({ field }) => field === "_key.place");
    return block && keys && words.map((_, row) => cellReader(block, keys)(row));
  };
  const dictionary = new Dictionary();
  expect(keysOf(["one", "two", "one"])).toBeUndefined();
  expect(keysOf(["one", "Host.Example.com", "one"])).toEqual([null, "host.example.com", null]);
  expect(keysOf(["one", "two"])).toBeUndefined();
});
