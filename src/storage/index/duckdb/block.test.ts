import { expect, test } from "vitest";
import { Buffers } from "../blocks/block.ts";

test("memory that was given back is used for the next block of about that size", () => {
  const buffers = new Buffers(1_000_000);
  const first = buffers.take(100_000);
  expect(first.byteLength).toBeGreaterThanOrEqual(100_000);
  expect(first.byteLength).toBeLessThan(150_000);
  buffers.give(first);
  expect(buffers.take(110_000)).toBe(first);
  expect(buffers.take(110_000)).not.toBe(first);
});

test("no more memory is kept than was allowed", () => {
  const buffers = new Buffers(150_000);
  const [one, other] = [buffers.take(100_000), buffers.take(100_000)];
  buffers.give(one);
  buffers.give(other);
  expect(buffers.take(100_000)).toBe(one);
  expect(buffers.take(100_000)).not.toBe(other);
});
