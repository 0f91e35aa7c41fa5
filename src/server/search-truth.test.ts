import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestServer, type TestServer } from "./testing/platform-server.ts";

/** Searches tell what is there: values that computers and people write in unusual ways, counted beside each other. */
const NANOSECONDS = 1_764_442_800_000_000_000n;
const MACS = ["00:11:22:aa:bb:cc", "00-11-22-AA-BB-CC", "0011.22aa.bbcc", "001122aabbcc"];
const NAMES = ["b\u00fccher.example", "B\u00dcCHER.example", "xn--bcher-kva.example"];
const NULS = ["a\0b", "\0b", "b\0", "a\0c", "a"];

let server: TestServer;

beforeAll(async () => {
  server = await openTestServer();
  const records = [
    ...[0n, 1n, 2n, 300n].map((n) => `{"at":${NANOSECONDS + n},"times":[${NANOSECONDS + n},1.5]}`),
    ...NULS.map((nul) => JSON.stringify({ nul })),
    ...[...MACS, ...NAMES].map((value) => JSON.stringify({ values: [value, "other"] })),
  ];
  await server.send("POST", "/ingest/web", { text: records.join("\n") });
  await server.platform.caughtUp();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

async function totalOf(query: string): Promise<number> {
  return ((await server.json("POST", "/search", { query, size: 0 })) as { total: number }).total;
}

test.each([
  "is_alert:true",
  "threat.triage.score:>50",
  "threat:triage:score:>50",
  "threat.triage.rules.0.name:nobody-has-it",
  "ip_dst_addr:10.0.0.5 AND NOT is_alert:true",
])("of a declared field that no message has yet, the answer is empty: %s", async (query) => {
  expect(await server.json("POST", "/search", { query })).toMatchObject({ hits: [], total: 0, hints: [] });
  for (const path of ["/facets", "/histogram", "/groups"]) {
    const body = { query, ...(path === "/histogram" ? {} : { fields: ["protocol"] }) };
    expect((await server.send("POST", path, { body })).status, path).toBe(200);
  }
});

test("a field that nobody declares and no message has is refused with the nearest", async () => {
  const response = await server.send("POST", "/search", { body: { query: "valuez:1" } });
  expect(await response.json()).toMatchObject({ status: 400, suggestion: "values" });
  const { hints } = (await server.json("POST", "/search", { query: "NOT valuez:1" })) as {
    hints: { code: string }[];
  };
  expect(hints.map(({ code }) => code)).toContain("unknown-field");
});

test.each(["at", "times"])("a range over whole numbers beyond 53 bits is exact in %s", async (field) => {
  const at = (n: bigint) => NANOSECONDS + n;
  expect(await totalOf(`${field}:>${at(1n)}`)).toBe(2);
  expect(await totalOf(`${field}:[${at(1n)} TO ${at(2n)}]`)).toBe(2);
  expect(await totalOf(`${field}:{${at(0n)} TO ${at(2n)}}`)).toBe(1);
  expect(await totalOf(`${field}:<${at(1n)} AND _exists_:at`)).toBe(field === "at" ? 1 : 4);
  expect(await totalOf(`NOT ${field}:>=${at(2n)} AND _exists_:at`)).toBe(2);
});

test("the spellings of a MAC in lists are counted together, and twelve bare digits are none of them", async () => {
  for (const mac of MACS.slice(0, 3)) expect(await totalOf(`values:"${mac}"`)).toBe(3);
  expect(await totalOf(`values:${MACS[3]}`)).toBe(1);
  const { facets } = (await server.json("POST", "/facets", {
    query: "values:other",
    fields: ["values"],
  })) as {
    facets: { values: { value: string; count: number }[] }[];
  };
  const counts = new Map(facets[0]?.values.map(({ value, count }) => [value, count]));
  expect([counts.get("00:11:22:aa:bb:cc"), counts.get("001122aabbcc")]).toEqual([3, 1]);
});

test("an international name is found in lists in any case and in punycode", async () => {
  for (const name of NAMES.slice(0, 2)) expect(await totalOf(`values:${name}`)).toBe(3);
});

test("a text with a NUL is found by its own value, by wildcards and in order", async () => {
  for (const nul of NULS) expect(await totalOf(`nul:"${nul}"`)).toBe(1);
  expect(await totalOf("nul:a\0*")).toBe(2);
  expect(await totalOf('nul:{"a\0b" TO *]')).toBe(2);
  const pages: unknown[] = [];
  for (let cursor: string | undefined, page = 0; page < NULS.length; page++) {
    const body = { query: "_exists_:nul", sort: [{ field: "nul", order: "asc" }], size: 1, cursor };
    const answer = (await server.json("POST", "/search", body)) as {
      hits: { nul: string }[];
      cursor?: string;
    };
    pages.push(answer.hits[0]?.nul);
    cursor = answer.cursor;
  }
  expect(pages).toEqual([...NULS].sort());
});
