import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Arena } from "../../core/arena.ts";
import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
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

test.each([
  [String.raw`\\\\fs01\\ADMIN$`, String.raw`\\fs01\ADMIN$`],
  [String.raw`C:\\x41\\log`, String.raw`C:\x41\log`],
  [String.raw`ends\\\\`, String.raw`ends\\`],
  [String.raw`\\`, "\\"],
  [String.raw`a\\\\\x09b`, "a\\\\\tb"],
  [String.raw`\\\x41`, "\\A"],
  [String.raw`caf\xc3\xa9 \\xc3`, String.raw`café \xc3`],
  [String.raw`a\b`, String.raw`a\b`],
])("reads the backslashes of %s", (written, text) => {
  const batch = parse([
    "#separator \\x09",
    "#path\tsmb_mapping",
    "#fields\tts\tpath\tnotes\tparts",
    "#types\ttime\tstring\tset[string]\tvector[string]",
    `1795946400.000001\t${written}\t${written},b\t${written}`,
  ]);
  expect(batch.rejected).toEqual([]);
  expect(batch.message(0)).toMatchObject({ path: text, notes: [text, "b"], parts: [text] });
});

test("an escaped separator of a set does not separate", () => {
  const batch = parse([
    "#separator \\x09",
    "#path\tx509",
    "#fields\tts\tnotes",
    "#types\ttime\tset[string]",
    `1795946400.000001\t${String.raw`O=Example\\\x2c Inc,b`}`,
  ]);
  expect(batch.message(0)).toMatchObject({ notes: ["O=Example\\, Inc", "b"] });
});

test.each([
  ["1795946400123", 1795946400123, "1795946400.123"],
  ["1795946400123.456", 1795946400123, "1795946400.123"],
  ["1795946400123456", 1795946400123, "1795946400.123"],
  ["1795946400123456789", 1795946400123, "1795946400.123"],
  ["1795946400", 1795946400000, "1795946400.0"],
  ["1795946400.123456", 1795946400123, "1795946400.123456"],
  ['"1795946400.123456"', 1795946400123, "1795946400.123456"],
  ['"1795946400123"', 1795946400123, "1795946400.123"],
  ['"2026-11-29T10:00:00.123Z"', 1795946400123, "1795946400.123"],
  ["-2208988800.5", -2208988800500, "-2208988800.5"],
])("reads the time %s by its size", (ts, timestamp, seconds) => {
  const batch = parse([`{"_path":"conn","ts":${ts},"uid":"J1"}`]);
  expect(batch.rejected).toEqual([]);
  expect(batch.message(0)).toMatchObject({ timestamp, bro_timestamp: seconds });
});

test.each(['"banana"', '"1467657279.0s"', '""', "true", "[1]"])("a time %s is none", (ts) => {
  const batch = parse([`{"_path":"conn","ts":${ts},"uid":"J1"}`]);
  expect(batch.rejected).toMatchObject([{ rejection: { reason: expect.stringContaining("ts is neither") } }]);
});

const FLOW = '"ts":1795946400.1,"uid":"C1","id.orig_h":"192.0.2.5","id.resp_h":"192.0.2.6"';

test.each([
  ["conn", `${FLOW},"proto":"tcp","conn_state":"S0","missed_bytes":0,"orig_pkts":1`],
  ["dns", `${FLOW},"proto":"udp","trans_id":7,"query":"a.example","rcode":0,"AA":false,"rejected":false`],
  ["dns", `${FLOW},"qtype_name":"A"`],
  ["http", `${FLOW},"trans_depth":1,"method":"GET","uri":"/","request_body_len":0,"tags":[]`],
  ["sip", `${FLOW},"trans_depth":0,"method":"INVITE","uri":"sip:a","request_path":[],"request_body_len":0`],
  ["smtp", `${FLOW},"trans_depth":1,"helo":"a","tls":false,"fuids":[]`],
  ["ssl", `${FLOW},"version":"TLSv13","resumed":false,"established":true`],
  ["x509", '"ts":1795946400.1,"fingerprint":"ab","certificate.version":3,"certificate.serial":"01"'],
  ["files", '"ts":1795946400.1,"fuid":"F1","source":"HTTP","analyzers":["MD5"],"seen_bytes":1'],
  ["notice", `${FLOW},"note":"Scan::Port_Scan","msg":"m","actions":[],"suppress_for":3600.0`],
  ["weird", `${FLOW},"name":"bad_TCP_checksum","notice":false,"peer":"zeek"`],
  ["ssh", `${FLOW},"version":2,"auth_attempts":0,"client":"SSH-2.0"`],
  ["dhcp", '"ts":1795946400.1,"uids":["C1"],"mac":"00:00:5e:00:53:01","msg_types":["DISCOVER"]'],
  ["ntlm", `${FLOW},"username":"u","hostname":"h","domainname":"d"`],
  ["kerberos", `${FLOW},"request_type":"TGS","client":"c","service":"s"`],
  ["kerberos", `${FLOW},"service":"krbtgt/X","error_msg":"KDC_ERR_PREAUTH_REQUIRED"`],
  ["dce_rpc", `${FLOW},"rtt":0.1,"named_pipe":"\\\\pipe\\\\lsass","endpoint":"samr","operation":"x"`],
  ["smb_files", `${FLOW},"action":"SMB::FILE_OPEN","path":"\\\\\\\\fs\\\\c$","name":"a","size":0`],
  ["smb_mapping", `${FLOW},"path":"\\\\\\\\fs\\\\c$","share_type":"DISK"`],
  ["rdp", `${FLOW},"cookie":"c","security_protocol":"HYBRID","cert_count":0`],
  ["pe", '"ts":1795946400.1,"id":"F1","machine":"AMD64","is_exe":true,"is_64bit":true'],
  ["software", '"ts":1795946400.1,"host":"192.0.2.5","software_type":"HTTP::BROWSER","name":"curl"'],
  ["known_hosts", '"ts":1795946400.1,"host":"192.0.2.5"'],
  ["known_hosts", '"_write_ts":1795946400.2,"ts":1795946400.1,"host":"192.0.2.5"'],
  [
    "known_services",
    '"ts":1795946400.1,"host":"192.0.2.5","port_num":80,"port_proto":"tcp","service":["HTTP"]',
  ],
  ["known_certs", '"ts":1795946400.1,"host":"192.0.2.5","port_num":443,"subject":"CN=a","serial":"01"'],
  ["capture_loss", '"ts":1795946400.1,"ts_delta":900.0,"peer":"zeek","gaps":0,"acks":1,"percent_lost":0.0'],
  ["stats", '"ts":1795946400.1,"peer":"zeek","mem":55,"pkts_proc":1'],
  // A connection that some protocol's log says nothing more of.
  ["zeek", FLOW],
])("tells the log %s by its fields", (type, fields) => {
  const batch = parse([`{${fields}}`]);
  expect(batch.rejected).toEqual([]);
  expect(batch.message(0)).toMatchObject({ protocol: type, timestamp: 1795946400100 });
});

test("the fields of one record tell nothing about the next", () => {
  const batch = parse([`{${FLOW},"conn_state":"S0"}`, `{${FLOW},"qtype_name":"A"}`, '{"ts":1.5,"uid":"C3"}']);
  expect([batch.message(0).protocol, batch.message(1).protocol, batch.rows]).toEqual(["conn", "dns", 2]);
});

test.each([
  ["no time", '{"conn_state":"S0"}'],
  ["nothing of Zeek's", '{"ts":1.5,"colour":"red","size":5}'],
])("a record with %s is a rejection that says what to do", (_what, record) => {
  expect(parse([record]).rejected).toMatchObject([
    { rejection: { reason: expect.stringContaining("logType") } },
  ]);
});

test("a log type in the document stands before what the fields tell", () => {
  expect(parse([`{${FLOW},"conn_state":"S0"}`], { logType: "mine" }).message(0).protocol).toBe("mine");
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

test.skipIf(!existsSync(DATA))("the fields of real logs tell the log that their records named", () => {
  for (const file of readdirSync(join(DATA, "json"))) {
    const type = file.replace(/\..*/, "");
    // Records without a time are no messages, whatever their log.
    if (type === "loaded_scripts") continue;
    const records = gunzipSync(readFileSync(join(DATA, "json", file)))
      .toString("utf8")
      .split("\n", 200);
    const bare = records.filter((line) => line !== "").map((line) => line.replace(/"_path":"\w+",?/, ""));
    const batch = parse(bare);
    const found = new Set(Array.from({ length: batch.rows }, (_, row) => batch.message(row).protocol));
    found.delete("zeek");
    expect([file, [...found], batch.rejected]).toEqual([file, [type], []]);
  }
});
