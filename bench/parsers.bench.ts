import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Batch } from "../src/core/batch.ts";
import { blockOf } from "../src/core/block.ts";
import { makeContext } from "../src/core/context.ts";
import { parsers } from "../src/parsers/index.ts";
import { type ParserDefinition, runParser } from "../src/parsers/parser.ts";
import { generator } from "./index-batches.ts";

export const name = "parsers";

const RECORDS = 4000;
const ROUNDS = 25;
const DATA = new URL("../../shared/data/", import.meta.url).pathname;

type Input = {
  readonly parser: string;
  readonly input: string;
  readonly config?: object;
  readonly records: readonly string[];
  /** What a straightforward program would do with one record. */
  readonly baseline: (record: string) => unknown;
};

/** Records a second of each parser, on one core, against a plain baseline in the same run. */
export async function run(): Promise<readonly Record<string, string | number>[]> {
  return [...generated(), ...recorded()].map(measure);
}

function measure({ parser, input, config, records, baseline }: Input): Record<string, string | number> {
  const definition = parsers.find((one) => one.name === parser) as unknown as ParserDefinition;
  const parse = definition.open(definition.config.parse(config ?? {}), makeContext());
  const batch = new Batch();
  const block = blockOf(
    records.map((record) => `${record}\n`),
    0,
  );
  let best = Number.POSITIVE_INFINITY;
  let plain = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    batch.load(block, { topic: "bench", partition: 0, offset: 0 });
    const started = performance.now();
    runParser(parse, batch);
    best = Math.min(best, performance.now() - started);
    const again = performance.now();
    for (const record of records) baseline(record);
    plain = Math.min(plain, performance.now() - again);
  }
  const nanos = (best * 1e6) / records.length;
  const plainNanos = (plain * 1e6) / records.length;
  return {
    parser,
    input,
    bytes: Math.round(block.bytes.length / records.length),
    "ns/record": Math.round(nanos),
    "records/s": Math.round(1e9 / nanos),
    "baseline ns": Math.round(plainNanos),
    ratio: Number((plainNanos / nanos).toFixed(1)),
    rejected: batch.rejected.length,
  };
}

/** The object a program without columns would make: parsed, spread, its fields renamed. */
function spread(record: string): unknown {
  const found = JSON.parse(record) as Record<string, unknown>;
  const outer = Object.keys(found);
  const message: Record<string, unknown> = {
    ...(outer.length === 1 ? (found[outer[0] as string] as object) : found),
  };
  message.ip_src_addr = message["id.orig_h"];
  delete message["id.orig_h"];
  message.ip_dst_addr = message["id.resp_h"];
  delete message["id.resp_h"];
  message.timestamp = Math.trunc(Number(message.ts) * 1000);
  delete message.ts;
  return message;
}

function attempt(record: string): unknown {
  try {
    return spread(record);
  } catch (error) {
    return error;
  }
}

const ASA_LINE =
  /^<(?<pri>\d+)>(?<time>\w{3} +\d+(?: \d{4})? [\d:]+)(?: (?<host>[\w.:-]+))?:? %(?<tag>ASA-\d-\d+): (?<action>\w+) (?:\w+ )?(?<protocol>\w+) .*?[ :](?<src>[\d.]+)(?:\/(?<sport>\d+))?.*? (?:to|dst) .*?:(?<dst>[\d.]+)(?:\/(?<dport>\d+))?/;
const SYSLOG_LINE = /^<(?<pri>\d+)>(?<time>\w{3} +\d+ [\d:]+) (?<host>\S+) (?<message>.*)$/;
const SYSLOG_5424_LINE =
  /^<(?<pri>\d+)>(?<version>\d+) (?<time>\S+) (?<host>\S+) (?<app>\S+) (?<process>\S+) (?<id>\S+) (?<data>-|(?:\[[^\]]*\])+) (?<message>.*)$/;
const SQUID_LINE =
  /^(?<time>[\d.]+) +(?<elapsed>\d+) (?<src>\S+) (?<action>\w+)\/(?<code>\d+) (?<bytes>\d+) (?<method>\w+) (?<url>\S+)[^0-9]*(?<dst>\S*)/;

const PAIR = /(\w+)=("(?:[^"\\]|\\.)*"|\S*)/g;

function groupsOf(pattern: RegExp): (record: string) => unknown {
  return (record) => ({ ...pattern.exec(record)?.groups });
}

function generated(): Input[] {
  const random = generator(7);
  const number = (below: number): number => Math.floor(random() * below);
  const make = (record: (index: number) => string): string[] =>
    Array.from({ length: RECORDS }, (_value, index) => record(index));
  const inside = (): string => `10.${number(4)}.${number(32)}.${number(254) + 1}`;
  const outside = (): string => `203.0.113.${number(254) + 1}`;
  const connection = (index: number): Record<string, unknown> => ({
    ts: 1710408413.501233 + index / 1000,
    uid: `C${random().toString(36).slice(2, 12)}q7Xk2Za`,
    "id.orig_h": inside(),
    "id.orig_p": 1024 + number(60000),
    "id.resp_h": outside(),
    "id.resp_p": 443,
    proto: "tcp",
    ...(index % 5 === 0 ? {} : { service: "ssl" }),
    duration: number(1e8) / 1e6,
    orig_bytes: number(1e6),
    resp_bytes: number(1e7),
    conn_state: "SF",
    local_orig: true,
    local_resp: false,
    missed_bytes: 0,
    history: "ShADadFf",
    orig_pkts: number(100),
    orig_ip_bytes: number(1e5),
    resp_pkts: number(100),
    resp_ip_bytes: number(1e6),
    tunnel_parents: [],
    orig_l2_addr: "00:00:5e:00:53:01",
    resp_l2_addr: "00:00:5e:00:53:02",
    community_id: "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
  });
  const shuffled = (index: number): string => {
    const entries = Object.entries({
      ...connection(index),
      note: 'a "quoted" caf\u00e9\n',
      path: "C:\\temp\\x",
    });
    for (let at = entries.length - 1; at > 0; at--) {
      const other = number(at + 1);
      [entries[at], entries[other]] = [entries[other]!, entries[at]!];
    }
    return JSON.stringify({ _path: "conn", ...Object.fromEntries(entries) });
  };
  const http = (index: number): Record<string, unknown> => ({
    ts: 1710408413.5 + index,
    uid: `C${number(1e9)}`,
    "id.orig_h": inside(),
    "id.orig_p": 1024 + number(60000),
    "id.resp_h": outside(),
    "id.resp_p": 80,
    trans_depth: 1,
    method: "GET",
    host: "files.example.com",
    uri: `/download/${number(1e6)}?session=${number(1e9)}`,
    user_agent:
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
    status_code: 200,
    status_msg: "OK",
    tags: [],
    resp_mime_types: ["text/html"],
  });
  const dns = (index: number): Record<string, unknown> => ({
    ts: 1710408413.25 + index,
    uid: `C${number(1e9)}`,
    "id.orig_h": inside(),
    "id.orig_p": 1024 + number(60000),
    "id.resp_h": "10.0.0.2",
    "id.resp_p": 53,
    proto: "udp",
    query: `host-${number(5000)}.example.com`,
    qtype_name: "A",
    rcode: 0,
    AA: false,
    answers: [outside(), outside()],
    TTLs: [300.5, 60.25],
  });
  const asa = (index: number): string => {
    const time = `Mar 14 2024 09:${String(10 + (index % 50))}:${String(10 + (index % 49))}`;
    if (index % 3 === 0) {
      return `<166>${time}: %ASA-6-302013: Built outbound TCP connection ${index} for outside:${outside()}/443 (198.51.100.9/443) to inside:${inside()}/${1024 + number(60000)} (198.51.100.4/50112)`;
    }
    if (index % 3 === 1) {
      return `<166>${time} fw-1 : %ASA-6-302014: Teardown TCP connection ${index} for outside:${outside()}/443 to inside:${inside()}/${1024 + number(60000)} duration 0:00:48 bytes 18231 TCP FINs`;
    }
    return `<164>${time} fw-1 %ASA-4-106023: Deny udp src outside:${outside()}/5060 dst inside:${inside()}/5060 by access-group "outside_in" [0x1a2b3c4d, 0x0]`;
  };
  const eve = (index: number): string =>
    JSON.stringify({
      timestamp: `2024-03-14T09:26:${String(10 + (index % 50))}.642817+0000`,
      flow_id: 1817262553123456 + index,
      in_iface: "eth1",
      event_type: index % 20 === 0 ? "alert" : "flow",
      src_ip: inside(),
      src_port: 1024 + number(60000),
      dest_ip: outside(),
      dest_port: 443,
      proto: "TCP",
      app_proto: "tls",
      flow: {
        pkts_toserver: number(100),
        pkts_toclient: number(100),
        bytes_toserver: number(1e5),
        bytes_toclient: number(1e6),
        start: "2024-03-14T09:26:10.000001+0000",
        end: "2024-03-14T09:26:53.000001+0000",
        age: 43,
        state: "closed",
        reason: "timeout",
        alerted: false,
      },
      tcp: { tcp_flags: "1b", syn: true, fin: true, psh: true, ack: true, state: "closed" },
    });
  return [
    {
      parser: "bro",
      input: "conn, one order",
      records: make((index) => JSON.stringify({ _path: "conn", ...connection(index) })),
      baseline: spread,
    },
    {
      parser: "bro",
      input: "conn in Metron's form",
      records: make((index) => JSON.stringify({ conn: connection(index) })),
      baseline: spread,
    },
    { parser: "bro", input: "conn, any order, escapes, UTF-8", records: make(shuffled), baseline: spread },
    {
      parser: "bro",
      input: "conn, dns, http mixed",
      records: make((index) =>
        JSON.stringify(
          index % 3 === 0
            ? { conn: connection(index) }
            : index % 3 === 1
              ? { dns: dns(index) }
              : { http: http(index) },
        ),
      ),
      baseline: spread,
    },
    {
      parser: "bro",
      input: "not JSON",
      records: make((index) => `garbage ${index} from a sensor gone mad`),
      baseline: attempt,
    },
    {
      parser: "bro",
      input: "JSON cut short",
      records: make((index) => JSON.stringify({ conn: connection(index) }).slice(0, -40)),
      baseline: attempt,
    },
    { parser: "suricata", input: "flow records", records: make(eve), baseline: JSON.parse },
    {
      parser: "jsonMap",
      input: "flat map",
      records: make((index) => JSON.stringify(connection(index))),
      baseline: JSON.parse,
    },
    { parser: "asa", input: "three shapes", records: make(asa), baseline: groupsOf(ASA_LINE) },
    {
      parser: "syslog3164",
      input: "sshd",
      records: make(
        (index) =>
          `<38>Mar 14 09:26:${String(10 + (index % 50))} web-1 sshd[${index}]: Accepted publickey for mira from ${inside()} port ${number(60000)} ssh2`,
      ),
      baseline: groupsOf(SYSLOG_LINE),
    },
    {
      parser: "syslog5424",
      input: "with structured data",
      records: make(
        (index) =>
          `<165>1 2024-03-14T09:26:${String(10 + (index % 50))}.003Z web-1 shop ${index} ORDER [origin@32473 ip="${inside()}" user="mira"] order ${index} placed by somebody`,
      ),
      baseline: groupsOf(SYSLOG_5424_LINE),
    },
    {
      parser: "csv",
      input: "twelve cells",
      config: { columns: "timestamp,a,b,c,d,e,f,g,h,i,j,k" },
      records: make(
        (index) =>
          `${1710408413000 + index},${inside()},${outside()},tcp,"a, b",${number(1000)},x,y,z,some longer text here,${number(1e9)},end`,
      ),
      baseline: (record) => record.split(","),
    },
    {
      parser: "snort",
      input: "alerts",
      records: make(
        (index) =>
          `03/14/24-09:26:${String(10 + (index % 50))}.642817 ,1,2100498,8,"GPL ATTACK_RESPONSE, id check",TCP,${outside()},80,${inside()},${1024 + number(60000)},00:00:5E:00:53:01,00:00:5E:00:53:02,0x5DA,***AP***,0x1A2B3C4D,0x5E6F7081,,0xFFFF,52,0,${number(60000)},1488,1514,,,,`,
      ),
      baseline: (record) => record.split(","),
    },
    {
      parser: "keyValue",
      input: "traffic of a firewall",
      records: make(
        (index) =>
          `<189>date=2024-03-14 time=09:26:${String(10 + (index % 50))} devname="fw-1" devid="FG100E" eventtime=${1710408413 + index}123456789 tz="+0000" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" srcip=${inside()} srcport=${1024 + number(60000)} srcintf="lan" dstip=${outside()} dstport=443 dstintf="wan1" sessionid=${number(1e8)} proto=6 action="close" policyid=${number(99)} service="HTTPS" trandisp="snat" duration=${number(300)} sentbyte=${number(1e6)} rcvdbyte=${number(1e7)} sentpkt=${number(999)} rcvdpkt=${number(999)} appcat="unscanned"`,
      ),
      baseline: (record) =>
        Object.fromEntries(Array.from(record.matchAll(PAIR), ([, key, value]) => [key, value])),
    },
    {
      parser: "grok",
      input: "squid",
      config: { grokPath: "/patterns/squid", patternLabel: "SQUID_DELIMITED", timestampField: "timestamp" },
      records: make(
        (index) =>
          `1710408${String(100 + (index % 900))}.642 ${number(900)} ${inside()} TCP_MISS/200 ${number(1e6)} GET http://files.example.com/x/${index} - DIRECT/${outside()} text/html`,
      ),
      baseline: groupsOf(SQUID_LINE),
    },
  ];
}

/** The real telemetry, where it is at hand. */
function recorded(): Input[] {
  const inputs: Input[] = [];
  const add = (parser: string, file: string, baseline: Input["baseline"]): void => {
    if (!existsSync(DATA + file)) return;
    const bytes = readFileSync(DATA + file);
    const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
    const lines = text.split("\n").filter((line) => line !== "");
    const records = Array.from({ length: RECORDS }, (_value, index) => lines[index % lines.length] as string);
    inputs.push({ parser, input: file, records, baseline });
  };
  add("bro", "metron/raw-stub-bro.log", spread);
  add("bro", "incidents/apt29-day1-zeek/NASHUA_conn.log.gz", spread);
  add("bro", "zeek/json/ssl.json.gz", spread);
  add("bro", "incidents/lsass/conn.log.gz", (record) => record.split("\t"));
  add("asa", "metron/raw-asa.log", groupsOf(ASA_LINE));
  add("syslog3164", "metron/raw-syslog3164.log", groupsOf(SYSLOG_LINE));
  return inputs;
}
