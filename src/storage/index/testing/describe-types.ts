import { describe, expect, test } from "vitest";
import type { FieldValue } from "../../../core/message.ts";
import { Double } from "../../../core/number.ts";
import { parse } from "../../../query/parse.ts";
import type { Index } from "../contract.ts";
import { batchOf, type Difference, guids, NOON, put, type Started } from "./test-batches.ts";

/** What fields of each declared type may hold that they are not made for. */
const ODD: Readonly<Record<string, readonly FieldValue[]>> = {
  ip_src_port: [443, "443", "0443", "http", 1.5, 70_000, -1, "70000", "", null, true, [443, "80"]],
  bytes: [7, "7", "007", "+7", "many", 0.5, 9007199254740993n, "9007199254740993", 2n ** 70n, `${2n ** 70n}`],
  duration: [
    1.5,
    "1.5",
    "1.50",
    "0.000",
    "1e3",
    "-0",
    "-0.0",
    "soon",
    2n ** 60n,
    "0.1234567890123456789",
    "",
  ],
  local_orig: [true, "true", "TRUE", "false", false, "yes", 1, "1"],
  rt: [NOON, String(NOON), 0.5, "2024/03/14 09:26:05", 253_402_300_800_000, "253402300800000", -1, "-1"],
  eventtime: [1_700_000_000_123_456_789n, "1700000000123456789", 1.5],
  bro_timestamp: ["1710408414.123456", "1710408415.0", 1710408414.5, "1402307733.473"],
  ip_src_addr: ["10.0.0.1", 167_772_161, true, ["10.0.0.1", "10.0.0.2"], "banana"],
};

/** Values of declared fields: of one type in all files, found by what they mean, and given back as they were sent. */
export function describeTypes(start: () => Promise<Started>, differs: ReadonlySet<Difference>): void {
  describe.each([
    ["hot", async () => {}],
    ["sealed", (index: Index) => index.seal()],
  ] as const)("%s", (_state, settle) => {
    test.each(Object.entries(ODD))("%s comes back as it was sent, whatever it is", async (field, values) => {
      const { index, writer } = await start();
      const all = [...values, ...values.toReversed()];
      // All in one batch, each by itself, and as two sensors of which each has another spelling first.
      await put(writer, "together", batchOf(all.map((value) => ({ [field]: value }))));
      let offset = all.length;
      for (const sensor of ["first", "last"])
        for (const value of sensor === "first" ? values : values.toReversed())
          await put(writer, sensor, batchOf([{ [field]: value }], offset++));
      await settle(index);
      const found = await index.get(Array.from({ length: offset }, (_, row) => `g${row}`));
      const expected = [...all, ...values, ...values.toReversed()];
      expect(found.map((message) => message[field])).toEqual(expected);
      const { messages } = await index.search({ size: 1000, fields: [field], sort: BY_GUID });
      const byGuid = new Map(messages.map((message) => [message.guid, message[field]]));
      expect(expected.map((_, row) => byGuid.get(`g${row}`))).toEqual(expected);
    });

    test("a port is found and counted by its number, whether sensors write text or numbers", async () => {
      const { index, writer } = await start();
      await put(writer, "bro", batchOf([443, 80, 8080].map((ip_dst_port) => ({ ip_dst_port }))));
      const texts = ["443", "80", "8080", "0443", "https", "70000"];
      await put(
        writer,
        "asa",
        batchOf(
          texts.map((ip_dst_port) => ({ ip_dst_port })),
          3,
        ),
      );
      await settle(index);
      const cases: [string, string[]][] = [
        ["ip_dst_port:443", ["g0", "g3", "g6"]],
        ["ip_dst_port:>=443 AND ip_dst_port:<1000", ["g0", "g3", "g6"]],
        ["ip_dst_port:[80 TO 443}", ["g1", "g4"]],
        ["ip_dst_port:>8000", ["g2", "g5", "g8"]],
        ["ip_dst_port:https", ["g7"]],
        ["ip_dst_port:04*", ["g6"]],
        ["ip_dst_port:44*", ["g0", "g3", "g6"]],
        ["ip_dst_port:5000000000", []],
        ["ip_dst_port:>5000000000", []],
        ["ip_dst_port:443.5", []],
        ["_exists_:ip_dst_port", ["g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7", "g8"]],
        ["NOT ip_dst_port:443", ["g1", "g2", "g4", "g5", "g7", "g8"]],
        ["8080", ["g5"]],
        ["https", ["g7"]],
      ];
      for (const [query, expected] of cases)
        expect([query, await guids(index, query)]).toEqual([query, expected]);
      const counted = { query: parse("ip_dst_port:<9000 AND NOT ip_dst_port:0443"), fields: ["ip_dst_port"] };
      const [facet] = await index.facets(counted);
      expect(facet).toMatchObject({ distinct: 2, missing: 0 });
      expect(facet?.values.map(({ value, count }) => [String(value), count])).toEqual([
        ["80", 2],
        ["8080", 2],
      ]);
      expect(await index.fields(["asa"])).toContainEqual({
        ...{ name: "ip_dst_port", type: "long", sensors: ["asa", "bro"] },
        sensors: ["asa"],
      });
    });

    test("a text that is no number is one for no condition: neither equality nor range", async () => {
      const { index, writer } = await start();
      const texts = ["80", " 80 ", "80\t", "8_0", "80.", "+80", "NaN", "inf", "0x50"];
      await put(
        writer,
        "s",
        batchOf(texts.map((text) => ({ ip_dst_port: text, free: text, seconds: text }))),
      );
      await settle(index);
      const cases: [string, string[]][] = [
        ["ip_dst_port:80", ["g0"]],
        ["ip_dst_port:[80 TO 80]", ["g0", "g4", "g5"]],
        ["ip_dst_port:[70 TO *]", ["g0", "g4", "g5"]],
        ["free:[80 TO 80]", ["g0", "g4", "g5"]],
        ["free:>1", ["g0", "g4", "g5"]],
        ["free:80", ["g0"]],
      ];
      for (const [query, expected] of cases)
        expect([query, await guids(index, query)]).toEqual([query, expected]);
    });

    test("a count tells values of one number as one, in whatever spelling and also in lists", async () => {
      const { index, writer } = await start();
      const durations: FieldValue[] = [new Double(70), "70", "70.0", [70], 0.5, "0.50", "soon", true];
      await put(writer, "s", batchOf(durations.map((duration) => ({ duration }))));
      await settle(index);
      const [facet] = await index.facets({ fields: ["duration"] });
      expect(facet?.values.map(({ value, count }) => [value, count])).toEqual([
        ["70", 4],
        ["0.5", 2],
        ["soon", 1],
        ["true", 1],
      ]);
      const { series, buckets } = await index.histogram({ split: "duration", interval: 1000 });
      expect([series, buckets[0]?.split]).toEqual([
        ["70", "0.5", "soon", "true"],
        [4, 2, 1, 1],
      ]);
    });

    test("texts that only the engine takes for numbers are none: no range finds them, and pages go on behind them", async () => {
      const { index, writer } = await start();
      const texts = ["1", "NaN", "inf", "-Infinity", "2", "nan", "soon"];
      await put(writer, "texts", batchOf(texts.map((text) => ({ duration: text, undeclared: text }))));
      await settle(index);
      for (const field of ["duration", "undeclared"])
        for (const range of [">0", "<100", "[0 TO 100]", "[0 TO 9223372036854775807]"]) {
          const query = `${field}:${range}`;
          expect([query, await guids(index, query)]).toEqual([query, ["g0", "g4"]]);
        }
      const seen: unknown[] = [];
      let cursor: string | undefined;
      do {
        const sort = [{ field: "duration", descending: true }];
        const page = await index.search({ sort, size: 1, cursor });
        seen.push(...page.messages.map(({ duration }) => duration));
        cursor = page.cursor;
      } while (cursor !== undefined);
      // A field that is a number in one file and a text in another is ordered as a text.
      const asTexts = ["soon", "nan", "inf", "NaN", "2", "1", "-Infinity"];
      const expected = ["2", "1", "NaN", "inf", "-Infinity", "nan", "soon"];
      expect(seen).toEqual(differs.has("spread") ? asTexts : expected);
    });

    test("pages go on behind numbers that JSON does not have", async () => {
      const { index, writer } = await start();
      const beyond = Number.POSITIVE_INFINITY;
      const numbers = [1, beyond, 2, -beyond, beyond].map((duration) => ({ duration: new Double(duration) }));
      await put(writer, "s", batchOf([...numbers, {}]));
      await settle(index);
      for (const [descending, expected] of [
        [true, ["g1", "g4", "g2", "g0", "g3", "g5"]],
        [false, ["g3", "g0", "g2", "g1", "g4", "g5"]],
      ] as const) {
        const seen: unknown[] = [];
        let cursor: string | undefined;
        do {
          const page = await index.search({ sort: [{ field: "duration", descending }], size: 1, cursor });
          seen.push(...page.messages.map(({ guid }) => guid));
          cursor = page.cursor;
        } while (cursor !== undefined && seen.length < 10);
        expect(seen).toEqual(expected);
      }
    });

    test("times, fractions and truths are found by what they mean", async () => {
      const { index, writer } = await start();
      const numbers = [
        { rt: NOON, duration: 1, local_orig: true },
        { rt: NOON + 1, duration: 2.5, local_orig: false },
        { rt: NOON + 2, duration: new Double(70) },
      ];
      const texts = [
        { rt: String(NOON), duration: "1", local_orig: "true" },
        { rt: String(NOON + 1), duration: "2.50", local_orig: "False" },
        { rt: "yesterday", duration: "70" },
      ];
      await put(writer, "numbers", batchOf(numbers));
      await put(writer, "texts", batchOf(texts, 3));
      await settle(index);
      const cases: [string, string[]][] = [
        [`rt:${NOON}`, ["g0", "g3"]],
        ["rt:2026-11-21", ["g0", "g1", "g2", "g3", "g4"]],
        ["rt:>2026-11-21T12:00:00.000Z", ["g1", "g2", "g4"]],
        [`rt:[${NOON}.5 TO ${NOON + 1}.5]`, ["g1", "g4"]],
        [`rt:${NOON}.5`, []],
        [`rt:{${NOON} TO *]`, ["g1", "g2", "g4"]],
        ["rt:<1e30", ["g0", "g1", "g2", "g3", "g4"]],
        ["rt:>-9223372036854775808", ["g0", "g1", "g2", "g3", "g4"]],
        ["rt:yesterday", ["g5"]],
        ["timestamp:[2026-11-21 TO 2026-11-21]", ["g0", "g1", "g2", "g3", "g4", "g5"]],
        [`timestamp:${NOON + 4}`, ["g4"]],
        ["duration:2.5", ["g1", "g4"]],
        ["duration:>1", ["g1", "g2", "g4", "g5"]],
        ["duration:7*", ["g2", "g5"]],
        ["duration:70*", ["g2", "g5"]],
        ["duration:2.50", ["g1", "g4"]],
        ["local_orig:true", ["g0", "g3"]],
        ["local_orig:FALSE", ["g1", "g4"]],
      ];
      for (const [query, expected] of cases)
        expect([query, await guids(index, query)]).toEqual([query, expected]);
      const sorted = await index.search({ sort: [{ field: "rt", descending: true }, ...BY_GUID] });
      expect(sorted.messages.map(({ guid }) => guid)).toEqual(["g2", "g1", "g4", "g0", "g3", "g5"]);
      const next = await index.search({ sort: [{ field: "rt", descending: true }, ...BY_GUID], size: 2 });
      const rest = await index.search({
        ...{ sort: [{ field: "rt", descending: true }, ...BY_GUID], cursor: next.cursor },
      });
      expect(rest.messages.map(({ guid }) => guid)).toEqual(["g4", "g0", "g3", "g5"]);
      const groups = await index.groups({ by: ["duration"], score: "duration" });
      expect(groups.map(({ value, total, score }) => [value, total, score])).toEqual([
        ["1", 2, 2],
        ["2.5", 2, 5],
        ["70", 2, 140],
      ]);
      await index.patch("g0", { set: { rt: "soon", duration: "9" } }, "ann");
      expect(await guids(index, "rt:soon")).toEqual(["g0"]);
      expect(await guids(index, `rt:${NOON + 1}`)).toEqual(["g1", "g4"]);
      expect(await guids(index, "duration:9")).toEqual(["g0"]);
      expect(await guids(index, "duration:2.5")).toEqual(["g1", "g4"]);
    });
  });

  test("a range of a field without an order is refused, whatever its sensors write", async () => {
    const { index, writer } = await start();
    await put(writer, "s", batchOf([{ local_orig: "true" }]));
    await expect(index.count({ query: parse("local_orig:>false") })).rejects.toMatchObject({
      code: "QUERY_INVALID",
      message: expect.stringContaining("local_orig is true or false and has no range"),
    });
    await expect(index.count({ query: parse("ip_src_port:>ssh") })).resolves.toBe(0);
    await put(writer, "s", batchOf([{ ip_src_port: "ssh" }], 1));
    await expect(index.count({ query: parse("ip_src_port:>ssh") })).rejects.toMatchObject({
      code: "QUERY_INVALID",
    });
  });

  test.skipIf(differs.has("server"))(
    "files of one sensor in two spellings, and of many batches, are merged and read after a start",
    async () => {
      const { index, writer, reopen } = await start();
      const sent: FieldValue[] = [];
      for (let part = 0; part < 12; part++) {
        const ports: FieldValue[] =
          part % 2 === 0 ? [part, part + 0.5, "x"] : [String(part), `0${part}`, true];
        await put(
          writer,
          "s",
          batchOf(
            ports.map((ip_src_port) => ({ ip_src_port })),
            sent.length,
          ),
        );
        sent.push(...ports);
        await index.seal();
      }
      await index.compact();
      expect((await index.stats()).segments).toBe(1);
      await index[Symbol.asyncDispose]();
      const again = await reopen();
      const found = await again.get(sent.map((_, row) => `g${row}`));
      expect(found.map(({ ip_src_port }) => ip_src_port)).toEqual(sent);
      expect(await guids(again, "ip_src_port:7")).toEqual(["g21", "g22"]);
      {
        await using restoration = again.restore({ everything: true });
        await restoration.takeFiles(() => undefined);
        await restoration.missing();
        await restoration.keepRest(() => false);
        expect(await restoration.commit()).toMatchObject({ written: sent.length, lost: [] });
      }
      expect(await again.get(found.map(({ guid }) => String(guid)))).toEqual(found);
      expect(await guids(again, "ip_src_port:7")).toEqual(["g21", "g22"]);
    },
  );
}

const BY_GUID = [{ field: "guid", descending: false }] as const;
