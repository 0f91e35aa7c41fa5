import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Arena } from "../../core/arena.ts";
import { Batch, blockOf } from "../../core/batch.ts";
import { makeContext } from "../../core/context.ts";
import { runParser } from "../parser.ts";
import { readIso } from "../time/iso.ts";
import { bro } from "./bro.ts";
import { appendIsoSeconds, formatSeconds, secondsText } from "./seconds.ts";

function parse(lines: readonly string[], config: { logType?: string } = {}): Batch {
  const batch = new Batch();
  batch.load(blockOf(lines, 0), { topic: "t", partition: 0, offset: 0 });
  runParser(bro.open(bro.config.parse(config), makeContext()), batch);
  return batch;
}

test.each([
  ["1467657279", "1467657279.0"],
  ["1467657279.0", "1467657279.0"],
  ["1467657279.100000", "1467657279.1"],
  ["1216706999.444925", "1216706999.444925"],
  ["1.0000005", "1.000001"],
  ["1.0000015", "1.000001"],
  ["0.5", "0.5"],
  ["-1.5", "-1.5"],
  ["1e3", "1000.0"],
  ["99999999999.123", "99999999999.123001"],
])("prints %s seconds as the original does", (text, expected) => {
  const arena = new Arena(64);
  const start = arena.appendText(text);
  const span = formatSeconds(arena, Number(text), start, arena.length);
  expect(arena.text(span.start, span.end)).toBe(expected);
});

test.each([
  ["2018-03-24T17:15:20.865716Z", "1521911720.865716"],
  ["2018-03-24T17:15:20.8600Z", "1521911720.86"],
  ["2018-03-24T17:15:20Z", "1521911720.0"],
  ["1970-01-01T00:00:00.000001Z", "0.000001"],
  ["1969-12-31T23:59:58.5Z", "-1.5"],
])("gives the ISO time %s in seconds", (text, expected) => {
  const arena = new Arena(64);
  const bytes = new TextEncoder().encode(text);
  const time = readIso(bytes, 0, bytes.length);
  const start = appendIsoSeconds(arena, time as NonNullable<typeof time>);
  expect(arena.text(start, arena.length)).toBe(expected);
});

test("seconds too large for decimals are whole", () => {
  expect(secondsText(2 ** 80)).toBe("1208925819614629174706176.0");
});

test("a record that names no log type is of the configured one", () => {
  const batch = parse(['{"ts":1.5,"uid":"C1","type":5}', '{"dns":{"ts":2.5}}'], { logType: "conn" });
  expect(batch.message(0)).toMatchObject({ protocol: "conn", uid: "C1", type: 5 });
  expect(batch.message(1)).toMatchObject({ protocol: "dns" });
});

test("a map among fields is a field when the record names its type", () => {
  const batch = parse(['{"_path":"conn","ts":1.5,"id":{"orig_h":"10.0.0.1"}}']);
  expect(batch.message(0)).toMatchObject({ protocol: "conn", id: { orig_h: "10.0.0.1" } });
  expect(batch.columns.get("_path")?.touched ?? false).toBe(false);
});

test("a header holds in its own batch alone: the next one may be of another log", () => {
  const header = ["#separator \\x09", "#path\tconn", "#fields\tts\tuid", "#types\ttime\tstring"];
  const opened = bro.open(bro.config.parse({}), makeContext());
  const batch = new Batch();
  for (const lines of [[...header, "1.5\tC1"], ["2.5\tC2"]]) {
    batch.load(blockOf(lines, 0), { topic: "t", partition: 0, offset: 0 });
    runParser(opened, batch);
  }
  expect(batch.rows).toBe(0);
  expect(batch.rejected).toMatchObject([
    { rejection: { reason: expect.stringContaining("#fields header") } },
  ]);
});

const DATA = join(import.meta.dirname, "../../../../shared/data/zeek");

test.skipIf(!existsSync(DATA))("JSON and TSV of the same log give the same messages", () => {
  for (const log of ["dns", "ssl", "notice", "weird", "files", "smb_files"]) {
    const [json, tsv] = [join(DATA, `json/${log}.json.gz`), join(DATA, `tsv/${log}.log.gz`)];
    if (!existsSync(json) || !existsSync(tsv)) continue;
    const lines = (file: string) =>
      gunzipSync(readFileSync(file))
        .toString("utf8")
        .split("\n")
        .filter((line) => line !== "")
        .slice(0, 300);
    const left = parse(lines(json));
    const right = parse(lines(tsv));
    expect(left.rejected).toEqual([]);
    expect(right.rejected).toEqual([]);
    for (let row = 0; row < Math.min(left.rows, right.rows, 200); row++) {
      const { _write_ts: _time, ...message } = left.message(row);
      for (const field of [
        "timestamp",
        "bro_timestamp",
        "uid",
        "protocol",
        "ip_src_addr",
        "ip_src_port",
        "ip_dst_addr",
        "ip_dst_port",
      ]) {
        expect([field, right.message(row)[field]]).toEqual([field, message[field]]);
      }
    }
  }
});

test("a TSV log needs no #types, and a line owes nothing to the one before", () => {
  const batch = parse([
    "#separator \\x09",
    "#path\tfiles",
    "#fields\tts\tid.orig_h\ttx_hosts",
    "1467657279.1\t10.0.0.1\t10.0.0.2",
    "1467657279.2\t-\t10.0.0.3,10.0.0.4",
    "1467657279.3\t-\t-",
  ]);
  expect(batch.rejected).toEqual([]);
  expect(batch.message(0)).toMatchObject({ timestamp: 1467657279100, ip_src_addr: "10.0.0.1" });
  expect(batch.message(1)).toMatchObject({ timestamp: 1467657279200, ip_src_addr: "10.0.0.3" });
  expect(batch.message(2)).not.toHaveProperty("ip_src_addr");
});
