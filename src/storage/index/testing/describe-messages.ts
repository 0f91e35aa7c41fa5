import { describe, expect, test } from "vitest";
import { Batch } from "../../../core/batch.ts";
import { blockOf } from "../../../core/block.ts";
import type { Message } from "../../../core/message.ts";
import { encodeText } from "../../../core/text.ts";
import { parse } from "../../../query/parse.ts";
import type { Index } from "../contract.ts";
import { batchOf, guids, NOON, put, type Started } from "./test-batches.ts";

/** What holds of messages in an index, before and after a seal. */
export function describeMessages(start: () => Promise<Started>): void {
  describe.each([
    ["hot", async () => {}],
    ["sealed", (index: Index) => index.seal()],
  ] as const)("%s", (_state, settle) => {
    test("a message comes back as it went in", async () => {
      const { index, writer } = await start();
      const message = {
        guid: "a",
        timestamp: NOON,
        "source.type": "bro",
        original_string: '{"a":"ä"}',
        text: "käse 🧀",
        empty: "",
        long_text: "more than twelve bytes of text",
        whole: 7,
        negative: -1,
        large: 9_007_199_254_740_991,
        less: -9_007_199_254_740_991,
        fraction: 0.25,
        yes: true,
        no: false,
        nothing: null,
        list: ["1.2.3.4", 5, null],
        map: { deep: { er: [1] } },
      };
      await put(writer, "bro", batchOf([message]));
      await settle(index);
      expect((await index.get(["a", "b"])).map((found) => ({ ...found }))).toEqual([message]);
    });

    test("longs are exact, also beyond 53 bits", async () => {
      const { index, writer } = await start();
      await put(
        writer,
        "s",
        batchOf([{ big: 9223372036854775807n }, { big: 1 }, { big: 18446744073709551616n }]),
      );
      await settle(index);
      const found = await index.get(["g0", "g1", "g2"]);
      expect(found.map((message) => message.big)).toEqual([9223372036854775807n, 1, 18446744073709551616n]);
    });

    test("longs are exact also where the same field has fractions later", async () => {
      const { index, writer } = await start();
      const values = [7, 9223372036854775807n, 9007199254740993n, 0.5, 8, -9223372036854775808n];
      for (const [row, value] of values.entries()) await put(writer, "s", batchOf([{ big: value }], row));
      await settle(index);
      const found = await index.get(values.map((_, row) => `g${row}`));
      expect(found.map((message) => message.big)).toEqual(values);
      expect(await guids(index, "big:>6")).toEqual(["g0", "g1", "g2", "g4"]);
    });

    test("searches by every kind of condition", async () => {
      const { index, writer } = await start();
      const messages = [
        {
          ip: "10.1.2.3",
          host: "a.example.com",
          port: 80,
          score: 5.5,
          alert: true,
          tags: ["x", "y"],
          original_string: "GET /Index.HTML",
        },
        {
          ip: "10.200.0.1",
          host: "b.example.com",
          port: 443,
          score: 60,
          alert: false,
          original_string: "POST /login",
        },
        {
          ip: "192.168.7.1",
          host: "c.example.org",
          port: 443,
          score: 99,
          nil: null,
          original_string: "something with ÄPFEL",
        },
        { ip: "2001:db8::5", port: 53, tags: ["y"], n: { "a.b": 1 } },
      ];
      await put(writer, "bro", batchOf(messages));
      await settle(index);
      const cases: [string, string[]][] = [
        ["*", ["g0", "g1", "g2", "g3"]],
        ["port:443", ["g1", "g2"]],
        ["port:443 AND score:>60", ["g2"]],
        ["score:>=60", ["g1", "g2"]],
        ["score:[5 TO 60}", ["g0"]],
        ["score:<60", ["g0"]],
        ["host:a.example.com", ["g0"]],
        ["host:*.example.com", ["g0", "g1"]],
        ["host:?.example.org", ["g2"]],
        ["host:A.EXAMPLE.COM", ["g0"]],
        ["host:*.EXAMPLE.COM", []],
        ["NOT host:a.example.com", ["g1", "g2", "g3"]],
        ["NOT missing:x", ["g0", "g1", "g2", "g3"]],
        ["_exists_:host", ["g0", "g1", "g2"]],
        ["NOT _exists_:score", ["g3"]],
        ["_exists_:nil", []],
        ["ip:10.0.0.0/8", ["g0", "g1"]],
        ["ip:10.1.0.0/15", ["g0"]],
        ["ip:10.1.2.3/32", ["g0"]],
        ["ip:0.0.0.0/0", ["g0", "g1", "g2"]],
        ["ip:2001:db8::/32", ["g3"]],
        ["ip:[10.0.0.0 TO 10.9.0.0]", ["g0"]],
        ["alert:true", ["g0"]],
        ["alert:false", ["g1"]],
        ["tags:x", ["g0"]],
        ["tags:y", ["g0", "g3"]],
        ["index.html", ["g0"]],
        ["äpfel", ["g2"]],
        ["b.EXAMPLE", ["g1"]],
        ["original_string:LOGIN", ["g1"]],
        ["post OR get", ["g0", "g1"]],
        ["timestamp:2026-11-21", ["g0", "g1", "g2", "g3"]],
        ["timestamp:<2026-11-21", []],
        ["port:(80 OR 53)", ["g0", "g3"]],
      ];
      for (const [text, expected] of cases)
        expect([text, await guids(index, text)]).toEqual([text, expected]);
    });

    test("values of another type than their field's are kept and found", async () => {
      const { index, writer } = await start();
      await put(
        writer,
        "s",
        batchOf([{ f: 1 }, { f: 2 }, { f: "many" }, { f: true }, { f: ["z"] }, { f: null }, {}]),
      );
      await put(writer, "s", batchOf([{ f: 2.5 }, { f: 3 }], 7));
      await settle(index);
      const found = await index.get(["g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7", "g8"]);
      expect(found.map((message) => message.f)).toEqual([1, 2, "many", true, ["z"], null, undefined, 2.5, 3]);
      expect(await guids(index, "f:many")).toEqual(["g2"]);
      expect(await guids(index, "f:ma*")).toEqual(["g2"]);
      expect(await guids(index, "many")).toEqual(["g2"]);
      expect(await guids(index, "f:true")).toEqual(["g3"]);
      expect(await guids(index, "f:z")).toEqual(["g4"]);
      expect(await guids(index, "f:>=2")).toEqual(["g1", "g7", "g8"]);
      expect(await guids(index, "_exists_:f")).toEqual(["g0", "g1", "g2", "g3", "g4", "g7", "g8"]);
      const [facet] = await index.facets({ fields: ["f"] });
      expect(facet?.missing).toBe(2);
      expect(facet?.values.reduce((sum, { count }) => sum + count, 0)).toBe(7);
    });

    test("long texts that the first, the last or the middle messages lack", async () => {
      const { index, writer } = await start();
      const lacks: Record<string, (row: number) => boolean> = {
        first: (row) => row < 1000,
        last: (row) => row >= 1600,
        middle: (row) => row >= 700 && row < 1900,
        most: (row) => row !== 2000,
      };
      const messages = Array.from({ length: 2600 }, (_, row) => {
        const fields = Object.keys(lacks).filter((field) => lacks[field]?.(row) !== true);
        return Object.fromEntries(
          fields.map((field) => [field, `value ${field} of row ${row} ${"x".repeat(300)}`]),
        );
      });
      await put(writer, "t", batchOf(messages));
      await settle(index);
      for (const [field, lacksIt] of Object.entries(lacks)) {
        const expected = messages.filter((_, row) => !lacksIt(row)).length;
        expect([field, await index.count({ query: parse(`${field}:value*`) })]).toEqual([field, expected]);
        expect([field, await index.count({ query: parse(`_exists_:${field}`) })]).toEqual([field, expected]);
      }
      expect(await index.count({})).toBe(2600);
      expect((await index.stats()).problems).toEqual([]);
    });

    test("a whole guid is found as a word", async () => {
      const { index, writer } = await start();
      const guid = "01a0c450-6c00-7001-8eb3-bf791d59cabd";
      await put(writer, "s", batchOf([{ guid, x: 1 }, { x: 2 }]));
      await settle(index);
      expect(await guids(index, guid)).toEqual([guid]);
      expect(await guids(index, "bf791d59cabd")).toEqual([]);
    });

    test("a word is found in the original, in fields cut out of it, and in others", async () => {
      const { index, writer } = await start();
      const batch = batchOf([
        { original_string: "alpha beta gamma", note: "delta" },
        { original_string: "beta" },
      ]);
      const inner = batch.column("inner");
      inner.setSpan(0, (batch.recordStarts[0] as number) + 6, (batch.recordStarts[0] as number) + 10);
      await put(writer, "s", batch);
      const other = batchOf([{ original_string: "none of it", inner: "beta of its own" }], 2);
      await put(writer, "s", other);
      await settle(index);
      expect(await guids(index, "BETA")).toEqual(["g0", "g1", "g2"]);
      expect(await guids(index, "inner:beta")).toEqual(["g0"]);
      expect(await guids(index, "elta")).toEqual(["g0"]);
      expect(await guids(index, "al*mma")).toEqual(["g0"]);
    });

    test("sensors may differ in a field's type", async () => {
      const { index, writer } = await start();
      await put(writer, "a", batchOf([{ f: "10" }, { f: "x" }]));
      await put(writer, "b", batchOf([{ f: 10 }, { f: 20 }], 2));
      await settle(index);
      expect(await guids(index, "f:10")).toEqual(["g0", "g2"]);
      expect(await guids(index, "f:>5")).toEqual(["g0", "g2", "g3"]);
      const { messages } = await index.search({ sort: [{ field: "f", descending: false }] });
      expect(messages.map((message) => message.f)).toEqual(["10", 10, 20, "x"]);
      const [facet] = await index.facets({ fields: ["f"] });
      expect(facet?.values).toEqual([
        { value: "10", count: 2 },
        { value: "20", count: 1 },
        { value: "x", count: 1 },
      ]);
      const info = await index.fields();
      expect(info.find((field) => field.name === "f")).toEqual({
        name: "f",
        type: "mixed",
        sensors: ["a", "b"],
      });
    });

    test("names no one would choose", async () => {
      const { index, writer } = await start();
      const hostile = [
        "uid",
        "UID",
        "Uid",
        "__proto__",
        'a"b',
        "a'b; DROP TABLE x",
        "ü",
        "",
        "a\0b",
        "_time",
        "_rest",
        "_text.uid",
        "_text.ip_src_port",
        "_key.uid",
        "ip_src_port",
        "sensor",
        "day",
        "filename",
        "file_row_number",
        "c0",
        "a/b~c",
        "constructor",
        "t.guid",
        "x".repeat(300),
      ];
      const batch = batchOf([{}]);
      for (const [number, field] of hostile.entries())
        batch.column(field).set(0, `value ${number} of this field`);
      await put(writer, "we/ird*?", batch);
      await settle(index);
      const [found] = await index.get(["g0"]);
      for (const [number, field] of hostile.entries()) {
        expect([field, Object.hasOwn(found as Message, field) && found?.[field]]).toEqual([
          field,
          `value ${number} of this field`,
        ]);
        if (field.includes("\0")) continue;
        const query = { kind: "term", field, value: `value ${number} of this field` } as const;
        expect([field, await index.count({ query })]).toEqual([field, 1]);
        const [facet] = await index.facets({ fields: [field] });
        expect(facet?.values).toEqual([{ value: `value ${number} of this field`, count: 1 }]);
      }
    });

    test("1,500 fields", async () => {
      const { index, writer } = await start();
      const messages = Array.from({ length: 30 }, (_, row) => {
        const own = Array.from({ length: 50 }, (_, place) => [
          `field_${row * 50 + place}`,
          place % 2 ? `text ${row}` : row,
        ]);
        return Object.fromEntries(own);
      });
      await put(writer, "wide", batchOf(messages));
      await settle(index);
      expect((await index.fields()).filter((field) => field.name.startsWith("field_"))).toHaveLength(1500);
      expect(await guids(index, 'field_1499:"text 29"')).toEqual(["g29"]);
      expect(await guids(index, "field_1498:29")).toEqual(["g29"]);
      expect(await guids(index, "field_1498:>28")).toEqual(["g29"]);
      expect(await guids(index, "_exists_:field_1498")).toEqual(["g29"]);
      expect({ ...(await index.get(["g29"]))[0] }).toMatchObject(messages[29] as object);
    });

    test("malformed UTF-8 is repaired, not stored", async () => {
      const { index, writer } = await start();
      const batch = new Batch();
      const bytes = new Uint8Array([
        ...encodeText("abc"),
        0xff,
        0xfe,
        ...encodeText("ß and more text than fits"),
        0xc3,
      ]);
      batch.load(blockOf([bytes], NOON), { topic: "t", partition: 0, offset: 0 });
      const row = batch.addMessage(0, { guid: "a", cut: "x" });
      batch.column("original_string").setSpan(row, 0, bytes.length);
      batch.column("half").setSpan(row, 0, 6);
      await put(writer, "s", batch);
      await settle(index);
      const [found] = await index.get(["a"]);
      expect(found?.original_string).toBe("abc\ufffd\ufffdß and more text than fits\ufffd");
      expect(found?.half).toBe("abc\ufffd\ufffd\ufffd");
    });
  });
}
