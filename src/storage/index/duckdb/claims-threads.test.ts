import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { positionKey } from "../segments/position-key.ts";
import { batchOf, put } from "../testing/test-batches.ts";
import { openDuckdbIndex } from "./open.ts";
import { serveWriter } from "./remote.ts";

test("a thread that ends while it is given a partition keeps no other from its turn", async () => {
  const folder = await mkdtemp(join(tmpdir(), "claims-"));
  const open = () => openDuckdbIndex(folder, { merges: false }, makeContext());
  {
    await using alone = await open();
    await put(await alone.writer("one"), "s", batchOf([{ n: 0 }], 0, "t"));
    await alone.seal();
  }
  await using index = await open();
  const standing = Promise.withResolvers<void>();
  await index.takeTurns(async () => {
    await standing.promise;
    return { offset: undefined, own: 0, others: 0 };
  });
  const [port] = serveWriter(index, "one").transfer;
  port?.postMessage({ type: "position", id: 1, key: positionKey("t", 0) });
  port?.close();
  // Its turn has begun when it ends: what was sealed before anybody took turns is to be told by it.
  await new Promise((resolve) => setTimeout(resolve, 100));
  standing.resolve();
  const told: number[] = [];
  const next = await index.writer("one", async (_key, offset) => told.push(offset) > 0);
  expect(await next.position("t", 0)).toBe(1);
  expect(told).toEqual([1]);
  await rm(folder, { recursive: true });
}, 20_000);
