/** Several processes that keep one index in OpenSearch. */
import { afterAll, describe, expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { batchOf, guids, put } from "../testing/test-batches.ts";
import { openOpenSearchIndex } from "./open.ts";
import { removeIndices, testOpenSearch } from "./testing/node.ts";

const url = await testOpenSearch();
const prefix = `processes-${process.pid}`;

describe.skipIf(url === undefined)("an index of several processes", () => {
  afterAll(() => removeIndices(url ?? "", prefix));
  const open = () => openOpenSearchIndex({ nodes: [url ?? ""], prefix, replicas: 0 }, makeContext());

  test("a partition that another one goes on with is as far as that has stored it", async () => {
    await using one = await open();
    await using other = await open();
    await put(await one.writer("one"), "s", batchOf([{ n: 1 }]));
    await one.seal();
    const next = await other.writer("other");
    expect(await next.position("t", 0)).toBe(1);
    await put(next, "s", batchOf([{ n: 2 }, { n: 3 }], 1));
    await other.seal();
    expect(await one.position("t", 0)).toBe(3);
    expect(await guids(one, "*")).toEqual(["g0", "g1", "g2"]);
  });
});
