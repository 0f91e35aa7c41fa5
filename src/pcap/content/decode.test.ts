import {
  brotliCompressSync,
  createGunzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { describe, expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { chance } from "../testing/chance.ts";
import { type Coding, codingsOf, decode } from "./decode.ts";
import { expand } from "./expand.ts";

const text = Array.from({ length: 8_000 }, (_, line) => `line ${line} of a page, ${line * 7_919}`).join("\n");
const chunked = (bytes: Uint8Array) =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)};x=y\r\n`), bytes, Buffer.from("\r\n0\r\n\r\n")]);
const CODED: readonly [string, Coding, Uint8Array][] = [
  ["gzip", "gzip", gzipSync(text)],
  ["deflate with the header of zlib", "deflate", deflateSync(text)],
  ["deflate without", "deflate", deflateRawSync(text)],
  ["br", "br", brotliCompressSync(text)],
  ["zstd", "zstd", zstdCompressSync(text)],
  ["chunked", "chunked", chunked(Buffer.from(text))],
  ["base64", "base64", Buffer.from(Buffer.from(text).toString("base64").replace(/.{76}/g, "$&\r\n"))],
];
const textOf = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString();
const inPieces = (bytes: Uint8Array, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  );

describe.each(CODED)("%s", (_, coding, bytes) => {
  test.each([97, 1_000_000])("is taken off, in pieces of %i bytes", async (size) => {
    const decoded = await decode(inPieces(bytes, size), [coding]);
    expect(textOf(decoded.pieces)).toBe(text);
    expect(decoded).toMatchObject({ isComplete: true, notes: [], length: text.length });
  });

  test("gives what there is when the end is missing", async () => {
    const decoded = await decode([bytes.subarray(0, Math.floor(bytes.length * 0.7))], [coding]);
    expect(text.startsWith(textOf(decoded.pieces))).toBe(true);
    expect(decoded.length).toBeGreaterThan(text.length * 0.4);
    expect(decoded.isComplete).toBe(coding === "base64");
  });
});

test("quoted-printable is taken off", async () => {
  const decoded = await decode([Buffer.from("caf=C3=A9 =3D =\r\nsoft =zz")], ["quoted-printable"]);
  expect(textOf(decoded.pieces)).toBe("café = soft =zz");
  expect(decoded.notes).toEqual(["quoted-printable: 1 escapes are none and stay as they are"]);
});

test("codings are taken off one after the other", async () => {
  const coded = chunked(gzipSync(brotliCompressSync(text)));
  expect(textOf((await decode([coded], ["chunked", ...codingsOf("br, gzip")!])).pieces)).toBe(text);
});

test("lists of codings are read as HTTP has them", () => {
  expect(codingsOf("GZIP")).toEqual(["gzip"]);
  expect(codingsOf("identity")).toEqual([]);
  expect(codingsOf("compress")).toBeUndefined();
});

test.each([
  ["gzip", gzipSync(new Uint8Array(50_000_000))],
  ["br", brotliCompressSync(new Uint8Array(50_000_000))],
  ["zstd", zstdCompressSync(new Uint8Array(50_000_000))],
] as const)("a bomb is cut, by bytes: %s", async (coding, bytes) => {
  const decoded = await decode([bytes], [coding], { bytes: 2_000_000, ratio: 1e9 });
  expect(decoded.length).toBe(2_000_000);
  expect(decoded.notes[0]).toMatch(/^\w+: cut at 2000000 bytes, \d+ times what went in$/);
});

test("a bomb is cut, by ratio", async () => {
  const decoded = await decode([brotliCompressSync(new Uint8Array(50_000_000))], ["br"], { ratio: 100 });
  expect(decoded.length).toBe(2 ** 20);
});

test("damage in the middle gives what is before it", async () => {
  const bytes = Uint8Array.from(gzipSync(text));
  bytes.fill(255, bytes.length * 0.6, bytes.length * 0.6 + 40);
  const decoded = await decode([bytes], ["gzip"]);
  expect(decoded.notes[0]).toMatch(/^gzip: damaged near byte \d+: /);
  expect(decoded.length).toBeGreaterThan(text.length * 0.4);
  expect(textOf(decoded.pieces).slice(0, text.length * 0.4)).toBe(text.slice(0, text.length * 0.4));
});

test("anything at all is taken without a crash, and bounded", async () => {
  for (let seed = 1; seed <= runs(40); seed++) {
    const random = chance(seed);
    const [, coding, bytes] = CODED[seed % CODED.length]!;
    const broken = Uint8Array.from(bytes.subarray(0, 2_000));
    for (let hit = 0; hit < 5; hit++) broken[random.below(broken.length)] = random.below(256);
    const decoded = await decode([broken], [coding, coding], { bytes: 100_000 });
    expect(decoded.length, `seed ${seed}`).toBeLessThanOrEqual(100_000);
  }
});

test("of very many codings over each other the first are taken off, and that is told", async () => {
  const decoded = await decode([Buffer.from("text")], codingsOf("quoted-printable,".repeat(4000))!);
  expect(decoded).toMatchObject({
    isComplete: false,
    notes: ["4000 codings lie over each other; only the first 8 were taken off"],
  });
});

test("pieces of a byte are not given to the decompressor one by one", async () => {
  let writes = 0;
  const { pieces } = await expand(
    inPieces(gzipSync(text), 1),
    () => {
      const stream = createGunzip();
      const write = stream.write.bind(stream) as (...given: unknown[]) => boolean;
      stream.write = (...given: unknown[]) => {
        writes++;
        return write(...given);
      };
      return stream;
    },
    1_000_000,
  );
  expect(textOf(pieces)).toBe(text);
  expect(writes).toBe(1);
});

const long = Buffer.from(text.repeat(3));
test.each([
  ["nothing", undefined, long],
  ["gzip", "gzip", gzipSync(long)],
  ["br", "br", brotliCompressSync(long)],
  ["chunked", "chunked", chunked(long)],
  ["base64", "base64", Buffer.from(long.toString("base64"))],
  ["quoted-printable", "quoted-printable", Buffer.from(long.toString("latin1").replaceAll("\n", "=0A"))],
] as const)("no more is read than the beginning needs: %s", async (_, coding, bytes) => {
  let read = 0;
  // Behind the first megabyte there are very many more pieces.
  const pieces = {
    *[Symbol.iterator]() {
      yield* inPieces(bytes, 1_000);
      for (; read < 1_000; read++) yield bytes;
    },
  };
  const decoded = await decode(pieces, coding === undefined ? [] : [coding], { bytes: 10_001 });
  expect(textOf(decoded.pieces)).toBe(long.subarray(0, 10_001).toString());
  expect(read).toBeLessThan(3);
  if (coding !== undefined) expect(decoded.notes[0]).toMatch(/: cut at 10001 bytes/);
});

test.each([1, 2, 3, 4, 7])("escapes of quoted-printable go over the ends of pieces of %i", async (size) => {
  const decoded = await decode(inPieces(Buffer.from("caf=C3=A9=\r\n=3D=\nx=z="), size), ["quoted-printable"]);
  expect(textOf(decoded.pieces)).toBe("café=x=z=");
});
