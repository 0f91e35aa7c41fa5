import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeContext } from "../../core/context.ts";
import { makeEnvironment } from "../../stellar/run/environment.ts";
import type { Table, Tables } from "../../storage/table/contract.ts";
import { openTables } from "../../storage/table/lmdb.ts";
import { loadCsv } from "./csv.ts";
import { splitCsvLine } from "./csv-line.ts";
import { csvExtractor, csvExtractorConfig } from "./extractor.ts";

const vectors = join(import.meta.dirname, "../../../../shared/data/metron/other-vectors.json");

let folder: string;
let tables: Tables;
let table: Table;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metron-csv-"));
  tables = await openTables(folder, makeContext());
  table = await tables.table("threatintel");
});

afterAll(async () => {
  await tables[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

type Case = { config: unknown; input: string | null; expect?: unknown[]; error?: boolean; extractor: string };

test.skipIf(!existsSync(vectors))("extracts what the original extracts", () => {
  const cases = JSON.parse(readFileSync(vectors, "utf8")).extractors as Case[];
  for (const { config, input, expect: expected, error, extractor } of cases) {
    expect(extractor).toBe("CSV");
    const checked = csvExtractorConfig.safeParse(config);
    expect(checked.success, JSON.stringify(config)).toBe(error !== true);
    if (!checked.success) continue;
    const extracted = csvExtractor(checked.data, makeEnvironment())(input ?? "");
    const plain =
      extracted === undefined
        ? []
        : [{ ...extracted, value: { ...("value" in extracted && extracted.value) } }];
    expect(plain, input ?? "null").toEqual(expected);
  }
});

test.each([
  ["a,b,,d", ["a", "b", "", "d"]],
  [' a ,"b, c" , "d"', ["a", "b, c", "d"]],
  [" a , b,", ["a", "b", ""]],
  ['"say ""hi""",x', ['say "hi"', "x"]],
  ['"back\\"slash\\\\",x', ['back"slash\\', "x"]],
  ['"lone \r return",x', ["lone \r return", "x"]],
  ['"C:\\dir\\file",x', ["C:\\dir\\file", "x"]],
  ['"open,x', { reason: "a quote is not closed" }],
  ['5" disk,x', { reason: "a quote stands in the middle of a cell" }],
])("splits %j", (line, expected) => {
  expect(splitCsvLine(line, ",")).toEqual(expected);
});

test("loads a list with a header, tells of bad lines and goes on", async () => {
  const text = '# a list\nip,owner\n10.0.0.1,"Someone, Inc."\n\n10.0.0.2\n"open,x\r\n10.0.0.3,last';
  const rejected: [number, string][] = [];
  const loaded = await loadCsv({
    input: Readable.from([text.slice(0, 30), text.slice(30)]),
    table,
    type: "malicious_ip",
    indicatorColumn: "ip",
    onRejected: (line, reason) => rejected.push([line, reason]),
  });
  expect(loaded).toBe(2);
  expect(table.get("malicious_ip", "10.0.0.1")).toEqual({ ip: "10.0.0.1", owner: "Someone, Inc." });
  expect(table.get("malicious_ip", "10.0.0.3")).toEqual({ ip: "10.0.0.3", owner: "last" });
  expect(rejected).toEqual([
    [5, "there is no column 2, `owner`"],
    [6, "a quote is not closed"],
  ]);
});

test("a replacement leaves only what the new list holds", async () => {
  const load = (text: string): Promise<number> =>
    loadCsv({ input: Readable.from([text]), table, type: "botnet", replace: true });
  expect(await load("ip\n1.1.1.1\n2.2.2.2\n")).toBe(2);
  expect(await load("ip\n3.3.3.3\n")).toBe(1);
  expect(table.get("botnet", "1.1.1.1")).toBeUndefined();
  expect(table.get("botnet", "3.3.3.3")).toEqual({ ip: "3.3.3.3" });
});

test("a header without the column is refused", async () => {
  const load = loadCsv({ input: Readable.from(["ip,owner\n"]), table, type: "t", indicatorColumn: "domain" });
  await expect(load).rejects.toThrow("no column `domain` among `ip`, `owner`");
});

test.each(["", "\n# nothing came\n"])("an input without a header replaces nothing: %j", async (text) => {
  const load = (content: string): Promise<number> =>
    loadCsv({ input: Readable.from([content]), table, type: "kept", replace: true });
  expect(await load("ip\n1.1.1.1\n")).toBe(1);
  await expect(load(text)).rejects.toMatchObject({
    code: "REQUEST_INVALID",
    message: "reading the header: the input ends before it",
  });
  expect(table.get("kept", "1.1.1.1")).toEqual({ ip: "1.1.1.1" });
  expect(await load("ip")).toBe(0);
});
