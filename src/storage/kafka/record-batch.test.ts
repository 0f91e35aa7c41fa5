import { crc32c } from "@node-rs/crc32";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Block, blockOf } from "../../core/block.ts";
import { BatchDecoder, encodeBatch, HEADER_BYTES, isSound, readHeader } from "./record-batch.ts";

const SEQUENCE = { producer: 77n, epoch: 3, first: 5 };

describe("record batches", () => {
  test.each(["none", "lz4"] as const)("any records come back, compressed by %s", (compression) => {
    const decoder = new BatchDecoder();
    const records = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(records, fc.option(fc.uint8Array({ maxLength: 40 })), fc.nat(), (list, key, from) => {
        const block = blockOf(list, 1_234_567_890_123.9);
        const bytes = encodeBatch(block, SEQUENCE, compression, key ?? undefined);
        const header = readHeader(bytes, 0);
        if (header === undefined) throw new Error("no whole batch");
        expect(isSound(bytes, 0, header)).toBe(true);
        expect(header).toMatchObject({ first: 0, next: list.length, time: 1_234_567_890_123, producer: 77n });
        const skipped = from % list.length;
        const [run] = decoder.decode(bytes, 0, header, skipped);
        expect(run?.offset).toBe(skipped);
        expect(recordsOf(run)).toEqual(list.slice(skipped).map((record) => Buffer.from(record)));
      }),
    );
  });

  test("a changed bit anywhere behind the checksum is noticed", () => {
    const bytes = encodeBatch(blockOf(["one", "two"], 1), SEQUENCE, "none");
    for (let at = 21; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const header = readHeader(changed, 0);
      expect(header === undefined || isSound(changed, 0, header)).toBe(false);
    }
  });

  test("a batch that is not all there is none", () => {
    const bytes = encodeBatch(blockOf(["one"], 1), SEQUENCE, "none");
    for (let length = 0; length < bytes.length; length++)
      expect(readHeader(bytes.subarray(0, length), 0)).toBeUndefined();
  });

  test("records that were removed leave gaps between runs", () => {
    const bytes = encodeBatch(blockOf(["a", "b", "c", "d"], 1), SEQUENCE, "none");
    // Compaction takes records out and leaves the offsets of the others: here the second of four.
    const record = bytes.subarray(HEADER_BYTES).indexOf("b") + HEADER_BYTES - 6;
    const less = Buffer.concat([bytes.subarray(0, record), bytes.subarray(record + 8)]);
    less.writeInt32BE(less.length - 12, 8);
    less.writeInt32BE(3, 57);
    less.writeUInt32BE(crc32c(less.subarray(21)), 17);
    const header = readHeader(less, 0);
    if (header === undefined) throw new Error("no whole batch");
    expect(isSound(less, 0, header)).toBe(true);
    const runs = [];
    for (const run of new BatchDecoder().decode(less, 0, header, 0))
      runs.push([run.offset, ...recordsOf(run).map(String)]);
    expect(runs).toEqual([
      [0, "a"],
      [2, "c", "d"],
    ]);
  });

  test("hostile batches with a right checksum are refused and never read beyond", () => {
    const decoder = new BatchDecoder();
    const sound = encodeBatch(blockOf(["one", "two", "three"], 1), SEQUENCE, "none");
    fc.assert(
      fc.property(fc.nat(sound.length - 24), fc.nat(255), (place, value) => {
        const hostile = Buffer.from(sound);
        hostile[23 + place] = value;
        hostile.writeUInt32BE(crc32c(hostile.subarray(21)), 17);
        const header = readHeader(hostile, 0);
        if (header === undefined) return;
        try {
          for (const { bytes } of decoder.decode(hostile, 0, header, 0))
            expect(bytes.length).toBeLessThanOrEqual(sound.length);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

function recordsOf(run: Pick<Block, "bytes" | "ends"> | undefined): Buffer[] {
  const ends = [...(run?.ends ?? [])];
  return ends.map((end, index) => Buffer.from(run?.bytes.subarray(ends[index - 1] ?? 0, end) ?? []));
}
