import { describe, expect, test } from "vitest";
import { Double } from "../../../core/number.ts";
import { parse } from "../../../query/parse.ts";
import type { Index } from "../contract.ts";
import { batchOf, type Difference, guids, put, type Started } from "./test-batches.ts";

const LONG = "2001:0db8:0000:0000:0000:0000:0000:0001";
const MD5 = "d41d8cd98f00b204e9800998ecf8427e";

/** That values compare by what they mean, whatever their spelling, and that lists match by their values. */
export function describeValues(start: () => Promise<Started>, differs: ReadonlySet<Difference>): void {
  describe.each([
    ["hot", async () => {}],
    ["sealed", (index: Index) => index.seal()],
  ] as const)("%s", (_state, settle) => {
    async function expectFound(index: Index, cases: readonly (readonly [string, readonly string[]])[]) {
      for (const [text, expected] of cases)
        expect([text, await guids(index, text)]).toEqual([text, [...expected]]);
    }

    test("a value is found in every spelling, and comes back as it was sent", async () => {
      const { index, writer } = await start();
      const messages = [
        { ip: LONG, domain: "EXAMPLE.com.", hash: MD5.toUpperCase(), mac: "00-11-22-AA-BB-CC" },
        { ip: "2001:db8::1", domain: "example.com", hash: MD5, mac: "00:11:22:aa:bb:cc" },
        { ip: "2001:DB8::0:2", domain: "www.example.com", url: "HTTP://WWW.Bad.Example/A" },
        { ip: "::ffff:192.0.2.1", user: "README", url: "http://www.bad.example/a" },
        { ip: "192.0.2.1", mail: "Some.One@Example.COM" },
        { ip: "fe80::1%eth0", user: "readme" },
      ];
      await put(writer, "s", batchOf(messages));
      await settle(index);
      await expectFound(index, [
        ["ip:2001:db8::1", ["g0", "g1"]],
        ['ip:"2001:db8::1"', ["g0", "g1"]],
        ['ip:"2001:DB8:0:0:0:0:0:1"', ["g0", "g1"]],
        [`ip:${LONG}`, ["g0", "g1"]],
        ["ip:2001:db8::1/128", ["g0", "g1"]],
        ["NOT ip:2001:db8::1", ["g2", "g3", "g4", "g5"]],
        ["ip:(2001:db8::1 OR 192.0.2.1)", ["g0", "g1", "g3", "g4"]],
        ["ip:[2001:db8:: TO 2001:db8::ff]", ["g0", "g1", "g2"]],
        ["ip:[2001:db8::1 TO 2001:db8::2}", ["g0", "g1"]],
        ["ip:>2001:db8::1", ["g2", "g5"]],
        ["ip:2001:db8::/32", ["g0", "g1", "g2"]],
        ["ip:2001:db8::/127", ["g0", "g1"]],
        ["ip:192.0.2.1", ["g3", "g4"]],
        ["ip:::ffff:192.0.2.1", ["g3", "g4"]],
        ["ip:192.0.2.0/24", ["g3", "g4"]],
        ["ip:::ffff:192.0.2.0/120", ["g3", "g4"]],
        ["ip:[192.0.2.0 TO 192.0.2.9]", ["g3", "g4"]],
        ["ip:::/0", ["g0", "g1", "g2", "g5"]],
        ["ip:fe80::1", ["g5"]],
        ["ip:fe80::/10", ["g5"]],
        ["domain:EXAMPLE.com.", ["g0", "g1"]],
        ["domain:example.com", ["g0", "g1"]],
        ["domain:*.com", ["g0", "g1", "g2"]],
        [`hash:${MD5}`, ["g0", "g1"]],
        [`hash:${MD5.toUpperCase()}`, ["g0", "g1"]],
        ["mac:0011.22aa.bbcc", ["g0", "g1"]],
        ['url:"http://www.bad.example/A"', ["g2"]],
        ['url:"HTTP://WWW.BAD.EXAMPLE:80/a"', ["g3"]],
        ["mail:some.one@example.com", ["g4"]],
        ["user:README", ["g3"]],
        ["2001:db8::1", ["g0", "g1"]],
        [`"${LONG}"`, ["g0", "g1"]],
      ]);
      const [first] = await index.get(["g0"]);
      expect({ ...first }).toMatchObject(messages[0] as object);
      const page = await index.search({ query: parse("ip:2001:db8::1"), size: 10 });
      expect(page.messages.map(({ ip }) => ip)).toEqual(["2001:db8::1", LONG]);
      expect(
        page.messages.every((message) => Object.keys(message).every((name) => !name.startsWith("_"))),
      ).toBe(true);
      expect((await index.fields()).map(({ name }) => name).filter((name) => name.startsWith("_"))).toEqual(
        [],
      );
    });

    test("what is counted once under one spelling is found as often", async () => {
      const { index, writer } = await start();
      const ips = [LONG, "2001:db8::1", "2001:DB8::1", "192.0.2.1", "::ffff:192.0.2.1", "10.0.0.1"];
      await put(writer, "a", batchOf(ips.map((ip) => ({ ip, kind: "x" }))));
      await put(
        writer,
        "b",
        batchOf([{ ip: ["2001:db8:0::1", LONG, "10.0.0.1"] }, { ip: [] }, { ip: LONG }], 6),
      );
      await settle(index);
      const [facet] = await index.facets({ fields: ["ip"] });
      expect(facet).toEqual({
        field: "ip",
        values: [
          { value: "2001:db8::1", count: 5 },
          { value: "10.0.0.1", count: 2 },
          { value: "192.0.2.1", count: 2 },
        ],
        distinct: 3,
        other: 0,
        missing: 1,
      });
      for (const { value, count } of facet?.values ?? [])
        expect([value, await index.count({ query: parse(`ip:"${value}"`) })]).toEqual([value, count]);
      const groups = await index.groups({ by: ["kind", "ip"] });
      expect(groups[0]?.groups.map(({ value, total }) => [value, total])).toEqual([
        ["2001:db8::1", 3],
        ["192.0.2.1", 2],
        ["10.0.0.1", 1],
      ]);
      const histogram = await index.histogram({ interval: 1000, split: "ip" });
      expect(histogram.series).toEqual(["2001:db8::1", "10.0.0.1", "192.0.2.1"]);
      expect(histogram.buckets.map(({ count, split }) => [count, split])).toEqual([[9, [5, 2, 2]]]);
    });

    test("a list meets a condition when one of its values does", async () => {
      const { index, writer } = await start();
      const dns = {
        answers: ["203.0.113.9", "2001:0DB8::9", "alias.example", "a1.akadns.net"],
        TTLs: [new Double(60), new Double(3600), 1.5],
        flags: [false, true],
        nested: { A: ["203.0.113.7", ["198.51.100.1"]] },
      };
      const messages = [
        dns,
        { answers: [], TTLs: [] },
        { answers: [null], TTLs: [10] },
        { answers: ["10.1.2.3", "Alias.EXAMPLE."], TTLs: [301], flags: [false] },
        { port: 1 },
      ];
      await put(writer, "bro", batchOf(messages));
      // Here the field is a text, and the list is an odd value of it.
      await put(
        writer,
        "odd",
        batchOf([{ answers: "203.0.113.9" }, { answers: ["203.0.113.5"] }, { answers: "x" }], 5),
      );
      await settle(index);
      await expectFound(index, [
        ["answers:203.0.113.9", ["g0", "g5"]],
        ["answers:203.0.113.*", ["g0", "g5", "g6"]],
        ["answers:*.akadns.net", ["g0"]],
        ["answers:*.example", differs.has("list-keys") ? ["g0", "g3"] : ["g0"]],
        ["answers:alias*", differs.has("list-keys") ? ["g0", "g3"] : ["g0"]],
        ["answers:alias.example", ["g0", "g3"]],
        ["answers:2001:db8::9", ["g0"]],
        ["answers:2001:db8::/32", ["g0"]],
        ["answers:203.0.113.0/24", ["g0", "g5", "g6"]],
        ["answers:10.0.0.0/8", ["g3"]],
        ["answers:[203.0.113.0 TO 203.0.113.255]", ["g0", "g5", "g6"]],
        ["answers:[2001:db8:: TO 2001:db8::ff]", ["g0"]],
        ["NOT answers:203.0.113.0/24", ["g1", "g2", "g3", "g4", "g7"]],
        ["_exists_:answers", ["g0", "g3", "g5", "g6", "g7"]],
        ["NOT _exists_:answers", ["g1", "g2", "g4"]],
        ["answers:*", ["g0", "g3", "g5", "g6", "g7"]],
        ["TTLs:3600", ["g0"]],
        ["TTLs:60", ["g0"]],
        ["TTLs:>1000", ["g0"]],
        ["TTLs:[3000 TO 4000]", ["g0"]],
        ["TTLs:[300 TO 302]", ["g3"]],
        ["NOT TTLs:[0 TO 300]", ["g1", "g3", "g4", "g5", "g6", "g7"]],
        ["flags:true", ["g0"]],
        ["flags:false", ["g0", "g3"]],
        ["nested:198.51.100.0/24", ["g0"]],
        ["nested:203.0.113.*", ["g0"]],
      ]);
      const [answers, ttls] = await index.facets({ fields: ["answers", "TTLs"] });
      expect(answers).toEqual({
        field: "answers",
        values: [
          { value: "203.0.113.9", count: 2 },
          { value: "alias.example", count: 2 },
          { value: "10.1.2.3", count: 1 },
          { value: "2001:db8::9", count: 1 },
          { value: "203.0.113.5", count: 1 },
          { value: "a1.akadns.net", count: 1 },
          { value: "x", count: 1 },
        ],
        distinct: 7,
        other: 0,
        missing: 3,
      });
      for (const { value, count } of answers?.values ?? [])
        expect([value, await index.count({ query: parse(`answers:"${value}"`) })]).toEqual([value, count]);
      expect(ttls?.values).toEqual(
        [1.5, 10, 301, 3600, 60].map((value) => ({ value: String(value), count: 1 })),
      );
    });

    test("a range that nothing can lie in is refused at its place", async () => {
      const { index, writer } = await start();
      await put(writer, "s", batchOf([{ port: 80, score: 5.5, alert: true, ip: "10.0.0.1", tags: [1] }]));
      await settle(index);
      const refused: [string, number, string][] = [
        ["timestamp:>2026-13-45", 12, "timestamp holds times, and 2026-13-45 is neither a number nor a time"],
        ["timestamp:[2026/11/29 TO now]", 12, "2026/11/29 is neither"],
        ["timestamp:>yesterday", 12, "yesterday is neither"],
        ["score:>high", 8, "score holds numbers, and high is neither a number nor a time"],
        ["port:>ssh", 7, "ssh is neither"],
        ["port:[banana TO 5]", 7, "banana is neither"],
        ["port:[5 TO banana]", 12, "banana is neither"],
        ["NOT port:>ssh", 11, "ssh is neither"],
        ["ip:10.0.0.1 OR (port:80 AND NOT port:{a TO 9})", 39, "a is neither"],
        ["alert:>1", 8, "alert is true or false and has no range"],
        ["ip:[10.0.0.0 TO 2001:db8::1]", 17, "are addresses of two families"],
      ];
      for (const [text, column, sentence] of refused) {
        const query = parse(text);
        const fault = { code: "QUERY_INVALID", details: expect.objectContaining({ line: 1, column }) };
        await expect(index.search({ query }), text).rejects.toMatchObject({
          ...fault,
          message: expect.stringContaining(sentence),
        });
        await expect(index.count({ query }), text).rejects.toMatchObject(fault);
        await expect(index.facets({ query, fields: ["ip"] }), text).rejects.toMatchObject(fault);
      }
      await expectFound(index, [
        ["timestamp:[2026-11-21||/d TO 2026-11-21||+1d/d]", ["g0"]],
        ["timestamp:[2026-11-21||/w TO 2026-11-21||/w]", ["g0"]],
        ["timestamp:[2026-11-01||-1M TO 2027-01-01||/y]", ["g0"]],
        ["timestamp:>now-1000y", ["g0"]],
        ["port:[* TO 90]", ["g0"]],
        ["tags:>banana", []],
      ]);
    });
  });
}
