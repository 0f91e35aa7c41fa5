import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Fault } from "../core/fault.ts";
import { deliverStream, type StreamProgress } from "./stream.ts";
import { collecting } from "./testing/collecting.ts";

function chunksOf(bytes: Uint8Array, size: number): Readable {
  const chunks = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
  return Readable.from(chunks, { objectMode: false });
}

const LINES = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${"x".repeat(index % 300)}`);
const TEXT = Buffer.from(`${LINES.join("\n")}\n`);

test.each([1000, 65_536, 10_000_000])("delivers every line in order, in chunks of %d bytes", async (size) => {
  const collected = collecting();
  const progress = await deliverStream(chunksOf(TEXT, size), { ...collected.context, name: "x" });
  expect(collected.records).toEqual(LINES);
  const { length } = LINES;
  expect(progress).toEqual({ read: TEXT.length, records: length, bytes: TEXT.length, refused: 0, left: 0 });
  for (const block of collected.blocks) {
    expect(block.records).toBeLessThanOrEqual(4096);
    expect(block.bytes).toBeLessThanOrEqual(512 * 1024);
  }
});

test("chunks of one byte, every kind of line end, empty lines and a last line without one", async () => {
  const collected = collecting();
  const input = chunksOf(Buffer.from("a\r\n\nb\n\r\nc"), 1);
  expect(await deliverStream(input, { ...collected.context, name: "x" })).toMatchObject({
    records: 5,
    bytes: 9,
  });
  expect(collected.records).toEqual(["a", "", "b", "", "c"]);
});

test("bytes that are no UTF-8, and zeros, arrive as they are", async () => {
  const collected = collecting();
  const odd = Buffer.from([0xff, 0xfe, 0, 0xc3, 0x28, 10, 0x80]);
  await deliverStream(chunksOf(odd, 3), { ...collected.context, name: "x" });
  expect(collected.records).toEqual(["\xff\xfe\0\xc3\x28", "\x80"]);
});

test.each([1, 2, 1000])(
  "a byte order mark before the text is no part of it, in chunks of %d bytes",
  async (size) => {
    const read = async (bytes: Buffer) => {
      const collected = collecting();
      await deliverStream(chunksOf(bytes, size), { ...collected.context, name: "x" });
      return collected.records;
    };
    expect(await read(Buffer.from("\ufeffa\n\ufeffb\n"))).toEqual(["a", "\xef\xbb\xbfb"]);
    expect(await read(gzipSync("\ufeffa\n"))).toEqual(["a"]);
    expect(await read(Buffer.from([0xef, 0xbb]))).toEqual(["\xef\xbb"]);
  },
);

test.each([1, 1000, 10_000_000])(
  "records that were taken before are left out, and the header above them holds, in chunks of %d bytes",
  async (size) => {
    const header = "#separator \\x09\n#fields\ta\n";
    const long = "y".repeat(50);
    const collected = collecting();
    const input = chunksOf(Buffer.from(`${header}1\n${long}\n3\n4\n`), size);
    const progress = await deliverStream(input, {
      ...collected.context,
      name: "x",
      skip: 4,
      maxRecordBytes: 40,
    });
    expect(progress).toMatchObject({ records: 2, refused: 0, left: 0 });
    expect(collected.records.slice(-2)).toEqual(["3", "4"]);
    expect(collected.records.slice(0, -2)).toEqual(["#separator \\x09", "#fields\ta"]);
    const beyond = collecting();
    expect(
      await deliverStream(chunksOf(Buffer.from("a\nb\n"), size), { ...beyond.context, name: "x", skip: 5 }),
    ).toMatchObject({ records: 0, left: 3 });
    expect(beyond.records).toEqual([]);
  },
);

test.each([1, 3, 10_000_000])("tells pcapng from lines, in chunks of %d bytes", async (size) => {
  const pcapng = Buffer.from("0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000", "hex");
  const collected = collecting();
  await expect(
    deliverStream(chunksOf(pcapng, size), { ...collected.context, name: "x" }),
  ).rejects.toMatchObject({ code: "MEDIA_UNSUPPORTED", message: expect.stringContaining("(pcapng)") });
  expect(collected.records).toEqual([]);
  await deliverStream(chunksOf(Buffer.from("\n\r\nSEQ\na1b2c3d4 is a line\n"), size), {
    ...collected.context,
    name: "x",
  });
  expect(collected.records).toEqual(["", "", "SEQ", "a1b2c3d4 is a line"]);
});

test("a short first line is not held back", async () => {
  const collected = collecting();
  const told = Promise.withResolvers<void>();
  async function* input() {
    yield Buffer.from("one\n");
    await told.promise;
  }
  const done = deliverStream(input(), {
    ...collected.context,
    name: "x",
    onProgress: ({ records }) => records === 1 && told.resolve(),
    deliver: async (sensor, block) => {
      await collected.context.deliver(sensor, block);
      told.resolve();
    },
  });
  await done;
  expect(collected.records).toEqual(["one"]);
});

test("an empty stream gives nothing", async () => {
  const collected = collecting();
  expect(await deliverStream(Readable.from([]), { ...collected.context, name: "x" })).toMatchObject({
    records: 0,
  });
});

test.each([
  ["told so", { gzip: true }, 4096],
  ["by its first bytes", {}, 4096],
  ["by its first bytes, which come one by one", {}, 1],
])("unpacks gzip, %s, of several members", async (_how, options, size) => {
  const collected = collecting();
  const packed = Buffer.concat([gzipSync(TEXT.subarray(0, 1000)), gzipSync(TEXT.subarray(1000, 9000))]);
  const progress = await deliverStream(chunksOf(packed, size), {
    ...collected.context,
    ...options,
    name: "x",
  });
  expect(progress.read).toBe(packed.length);
  expect(collected.records.join("\n")).toBe(TEXT.subarray(0, 9000).toString().replace(/\n$/, ""));
});

test("broken gzip is a fault that names the input, and says what came before", async () => {
  const collected = collecting();
  const packed = gzipSync(TEXT);
  const broken = deliverStream(chunksOf(packed.subarray(0, packed.length >> 1), 4096), {
    ...collected.context,
    name: "logs/a.gz",
  });
  await expect(broken).rejects.toMatchObject({
    code: "INPUT_UNREADABLE",
    message: expect.stringContaining("reading logs/a.gz: "),
  });
  const fault = await broken.catch((error: { details: StreamProgress }) => error);
  expect((fault as { details: StreamProgress }).details.records).toBe(collected.records.length);
  expect((fault as unknown as Error).message).toContain(
    `; ${collected.records.length} records before it were taken`,
  );
  expect(collected.records.length).toBeGreaterThan(100);
  expect(collected.records).toEqual(LINES.slice(0, collected.records.length));
});

test("records larger than a block come alone; those past the limit are refused with their beginning", async () => {
  const collected = collecting();
  const input = Buffer.concat([
    Buffer.from("small\n"),
    Buffer.alloc(3_000_000, "L"),
    Buffer.from("\n"),
    Buffer.alloc(5_000_001, "H"),
    Buffer.from("\nafter\n"),
  ]);
  for (const size of [50_000, input.length]) {
    collected.records.length = 0;
    collected.refusals.length = 0;
    const progress = await deliverStream(chunksOf(input, size), {
      ...collected.context,
      name: "x",
      maxRecordBytes: 4_000_000,
    });
    expect(collected.records.map((record) => record.length)).toEqual([5, 3_000_000, 5]);
    expect(progress).toMatchObject({ records: 3, refused: 1 });
    expect(collected.refusals).toMatchObject([
      {
        sensor: "test",
        reason: "x: a record of 5000002 bytes, more than the 4000000 allowed",
        length: 5_000_002,
      },
    ]);
    expect(Buffer.from(collected.refusals[0]?.head ?? []).equals(Buffer.alloc(65_536, "H"))).toBe(true);
  }
});

test("a record of 20 MB is no trouble", async () => {
  const collected = collecting();
  const input = Buffer.concat([Buffer.alloc(20 << 20, "x"), Buffer.from("\ny\n")]);
  await deliverStream(chunksOf(input, 65_536), { ...collected.context, name: "x" });
  expect(collected.records.map((record) => record.length)).toEqual([20 << 20, 1]);
});

test("reads no further than deliveries allow", async () => {
  const collected = collecting();
  const gate = Promise.withResolvers<void>();
  collected.gate = gate.promise;
  let read = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < 400; index++) {
      const chunk = Buffer.from(`${"y".repeat(65_535)}\n`);
      read += chunk.length;
      yield chunk;
      await new Promise(setImmediate);
    }
  }
  const delivering = deliverStream(endless(), { ...collected.context, name: "x" });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(read).toBeLessThan(4_000_000);
  gate.resolve();
  expect((await delivering).records).toBe(400);
});

test("fails as the delivery fails", async () => {
  const collected = collecting({ deliver: () => Promise.reject(new Error("gone")) });
  await expect(deliverStream(chunksOf(TEXT, 4096), { ...collected.context, name: "x" })).rejects.toThrow(
    "gone",
  );
});

test.each([
  ["a full block", 20_000],
  ["a block that is sent for its age", 3],
])("fails as a delivery fails at once: %s", async (_what, lines) => {
  async function* slowly() {
    yield Buffer.from(`${LINES.slice(0, lines).join("\n")}\n`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    yield Buffer.from("more\n");
  }
  const deliver = () => {
    throw new Fault("SENSOR_UNKNOWN", "it was withdrawn");
  };
  const done = deliverStream(slowly(), { ...collecting().context, name: "x", deliver });
  await expect(done).rejects.toThrow("it was withdrawn");
});

test("stops when told", async () => {
  const collected = collecting();
  const stop = new AbortController();
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield Buffer.from("a\n");
      await new Promise(setImmediate);
    }
  }
  const delivering = deliverStream(endless(), { ...collected.context, name: "x", signal: stop.signal });
  await collected.until(1);
  stop.abort();
  await expect(delivering).rejects.toMatchObject({ name: "AbortError" });
});

test("each block of a Zeek log in tab-separated text begins with the log's header, which counts once", async () => {
  const log = (path: string, lines: number) => [
    "#separator \\x09",
    `#path\t${path}`,
    "#fields\tts\tuid",
    ...Array.from({ length: lines }, (_, index) => `${index}.5\t${path}${"x".repeat(100)}`),
    "#close\t2026-01-01",
  ];
  const lines = [...log("conn", 10_000), ...log("dns", 9_000)];
  const blocks: string[][] = [];
  const collected = collecting({
    deliver: async (_sensor, { bytes, ends }) => {
      const cut = (end: number, index: number) =>
        Buffer.from(bytes.subarray(ends[index - 1] ?? 0, end))
          .toString()
          .trimEnd();
      blocks.push([...ends].map(cut));
    },
  });
  const text = Buffer.from(`${lines.join("\n")}\n`);
  const progress = await deliverStream(chunksOf(text, 70_000), { ...collected.context, name: "x" });
  expect(progress).toMatchObject({
    read: text.length,
    records: lines.length,
    bytes: text.length,
    refused: 0,
  });
  expect(blocks.length).toBeGreaterThan(4);
  for (const block of blocks) {
    let path = "";
    for (const line of block) {
      if (line.startsWith("#separator")) path = "";
      else if (line.startsWith("#path")) path = line.slice(6);
      else if (!line.startsWith("#")) expect(line.split("\t")[1]?.replaceAll("x", "")).toBe(path);
    }
    expect(block[0]).toBe("#separator \\x09");
  }
  expect(blocks.flat().filter((line) => !line.startsWith("#"))).toEqual(
    lines.filter((line) => !line.startsWith("#")),
  );
});
