import { afterAll, afterEach, describe, expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { parse } from "../../../query/parse.ts";
import { declareFields } from "../../../schema/declarations.ts";
import { field } from "../../../schema/field.ts";
import { batchOf, put } from "../testing/test-batches.ts";
import { openOpenSearchIndex } from "./open.ts";
import { removeIndices, testOpenSearch } from "./testing/node.ts";

const given = await testOpenSearch();
const prefix = `added-${process.pid}-${Date.now()}`;
const FIELDS = [
  field("floor", "port", "The floor."),
  field("opened", "instant", "When the door was opened."),
  field("reader_addr", "address", "The address of the reader."),
];

describe.skipIf(given === undefined)("fields that only an extension declares", () => {
  const url = given ?? "";
  afterEach(() => declareFields([]));
  afterAll(() => removeIndices(url, prefix));

  test("are mapped and found by their meaning, and messages of before are found beside", async () => {
    await using index = await openOpenSearchIndex({ nodes: [url], prefix, replicas: 0 }, makeContext());
    const writer = await index.writer("one");
    const door = (n: number, floor: string, addr: string) => ({
      ...{ n, floor, opened: String(Date.UTC(2026, 10, 21, 12) + n), reader_addr: addr },
    });
    await put(writer, "doors", batchOf([door(0, "7", "2001:DB8::1"), door(1, "5", "192.0.2.1")]));
    await index.seal();
    declareFields(FIELDS);
    await put(writer, "doors", batchOf([door(2, "6", "2001:db8:0::1"), door(3, "0007", "192.0.2.2")], 2));
    await index.seal();
    const asked = async (text: string) => {
      const { messages } = await index.search({ query: parse(text), sensors: ["doors"] });
      return messages.map(({ n }) => Number(n)).sort((one, other) => one - other);
    };
    expect({
      floor: await asked("floor:7"),
      floors: await asked("floor:[6 TO 9]"),
      opened: await asked("opened:[2026-11-21T12:00:00.001Z TO 2026-11-21T12:00:00.002Z]"),
      address: await asked("reader_addr:2001:db8::1"),
      network: await asked("reader_addr:192.0.2.0/30"),
      some: await asked("_exists_:floor"),
    }).toEqual({
      ...{ floor: [0, 3], floors: [0, 2, 3], opened: [1, 2], address: [0, 2], network: [1, 3] },
      some: [0, 1, 2, 3],
    });
    const mappings = (await (await fetch(`${url}/${prefix}.doors.*/_mapping`)).json()) as Record<
      string,
      { mappings: { properties: Record<string, { properties?: Record<string, { type: string }> }> } }
    >;
    const types = Object.values(mappings).map(({ mappings: { properties } }) => [
      properties.whole?.properties?.floor?.type,
      properties.whole?.properties?.opened?.type,
      properties.address?.properties?.reader_addr?.type,
    ]);
    expect(types).toEqual([["long", "long", "ip"]]);
  });
});
