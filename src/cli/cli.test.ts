import { createSocket } from "node:dgram";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, openTestFolder, type Running, until } from "./testing/run-cli.ts";

/** One platform for all tests of the file; each test has a sensor of its own where it counts. */
const folder = openTestFolder();
const { metron, file } = folder;
let platform: Running;
let port: number;

const jsonSensor = (name: string, more = "") => `sensor: ${name}\nparser: { jsonMap: {} }\n${more}`;
const lines = (text: string) => text.split("\n").filter((line) => line !== "");
const objects = (text: string) => lines(text).map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  port = await freePort();
  platform = await folder.up({
    "metron.yaml": "workers: 1\n",
    "sensors/web.yaml": jsonSensor("web"),
    "sensors/many.yaml": jsonSensor("many"),
    "sensors/kept.yaml": jsonSensor("kept", "timestamp: { unreadable: keep }\n"),
    "sensors/syslog.yaml": `sensor: syslog\nsource: { syslog: { port: ${port} } }\nparser: { syslog3164: {} }\n`,
  });
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
}, 60_000);

test.each([
  ["up", "ingest", "search", "sensors", "status", "config", "intel", "scenario", "stellar", "replay"],
  ["config list", "config show", "config check", "config publish", "config history", "config diff"],
  ["config rollback", "config remove", "config import", "config export"],
  ["intel load", "intel list", "scenario write", "scenario capture", "scenario send"],
])("the help of `%s`, ... has examples", async (...names) => {
  const helps = await Promise.all(names.map((name) => metron([...name.split(" "), "--help"])));
  for (const { status, out } of helps)
    expect({ status, out }).toEqual({ status: 0, out: expect.stringMatching(/Usage: metron .*Examples?:/s) });
  const runs = helps.filter(({ out }) => !out.includes("\nCommands:"));
  for (const { out } of runs) expect(out).toContain("--json");
});

test("a wrong command line ends with 2, and what was meant is proposed", async () => {
  expect(await metron(["serch"])).toMatchObject({
    status: 2,
    err: expect.stringContaining("Did you mean search?"),
  });
  expect(await metron(["config", "publish"])).toMatchObject({ status: 2 });
  // The reference of the API is of no use here.
  expect(await metron(["stellar", "--each"])).toEqual({
    ...{ status: 2, out: "" },
    err: "metron: --each takes exactly one expression, given by -e\nCorrect what the message names, and try again.\n",
  });
  expect(await metron(["search", "--last", "3x"])).toMatchObject({
    status: 2,
    err: expect.stringContaining("such as 90s, 15m, 24h or 7d"),
  });
});

test("files, gzip and standard input are taken in, and rejections are summed up with their reasons", async () => {
  const plain = file("a.json", '{"n":1}\n{"n":2}\nnonsense\n');
  const packed = file("b.json.gz", gzipSync('{"n":3}\n'));
  const { status, out, err } = await metron(["ingest", "--sensor", "web", plain, packed]);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(lines(out).map((line) => line.replaceAll(/[\d.,]+ (s|B)|[\d.,]+\/s/g, "#"))).toEqual([
    "4 records (#) accepted in #, #",
    "3 messages indexed in #, #; 1 rejected",
    "  1 x not a JSON map: a map in braces was expected (at byte 0)",
    "They are kept with their bytes: metron search 'failed_sensor_type:web' --sensor error",
    "After a fix: metron replay --sensor web",
  ]);
  const odd = Array.from({ length: 12 }, (_, n) => JSON.stringify({ timestamp: `no time ${n}` }));
  const several = await metron(["ingest", "--sensor", "many"], odd.join("\n"));
  expect(several.out).toContain("0 messages indexed");
  expect(several.out).toContain("12 rejected");
  expect(several.out).toContain("  2 x other reasons\n");
  const piped = await metron(["ingest", "--sensor", "web", "--json"], '{"n":4}\n\n');
  expect(JSON.parse(piped.out)).toMatchObject({
    sensor: "web",
    accepted: 2,
    refused: 0,
    indexed: 1,
    rejected: 1,
  });
  const found = await metron(["search", "source.type:web", "--sort", "n", "--json", "--fields", "n"]);
  expect(objects(found.out).map(({ n }) => n)).toEqual([1, 2, 3, 4]);
});

test("what cannot be taken in is told", async () => {
  const unknown = await metron(["ingest", "--sensor", "webb"], "{}\n");
  expect(unknown).toMatchObject({ status: 1, out: "" });
  expect(unknown.err).toContain("there is no such sensor; there are: kept, many, syslog, web");
  const missing = await metron(["ingest", "--sensor", "web", "/nowhere.json"]);
  expect(missing).toMatchObject({ status: 1, err: expect.stringContaining("reading /nowhere.json: ENOENT") });
});

test("thousands of messages are paged through, each once", async () => {
  const input = Array.from({ length: 3456 }, (_, n) => `{"n":${n},"timestamp":${1.7e12 + (n % 7)}}\n`).join(
    "",
  );
  await metron(["ingest", "--sensor", "many"], input);
  const { out } = await metron(["search", "source.type:many", "--limit", "5000", "--json", "--fields", "n"]);
  const found = objects(out).map(({ n }) => Number(n));
  expect(found).toHaveLength(3456);
  expect(new Set(found).size).toBe(3456);
  const table = await metron(["search", "source.type:many", "--limit", "3"]);
  expect(lines(table.out)).toHaveLength(4);
  expect(table.err).toBe("3 of 3,456 messages\n");
  expect(await metron(["search", "source.type:many", "--last", "1m", "--json"])).toMatchObject({
    status: 0,
    out: "",
  });
});

test("a time that no calendar has is shown as it is", async () => {
  await metron(["ingest", "--sensor", "kept"], '{"n":1,"timestamp":8640000000000001}\n');
  expect(await metron(["search", "source.type:kept"])).toMatchObject({
    status: 0,
    out: expect.stringContaining("8640000000000001"),
  });
});

test("a mistake in a query is marked, and what was meant is proposed", async () => {
  const open = await metron(["search", "source.type:(web"]);
  expect(open.status).toBe(2);
  expect(open.err).toContain("is not closed");
  expect(open.err).toContain("\n  source.type:(web\n              ^\n");
  const unknown = await metron(["search", "sorce.type:web"]);
  expect(unknown.err).toContain("did you mean `source.type`?\n  sorce.type:web\n  ^^^^^^^^^^\n");
});

test("beside an answer stands what the query probably does not mean", async () => {
  const found = await metron(["search", "source.type=web", "--json"]);
  expect(found).toMatchObject({ status: 0, out: "" });
  expect(found.err).toBe(
    "hint: `source.type=web` is looked for as a word: a field and its value are written source.type:web.\n  try: source.type:web\n",
  );
});

test("a Zeek log as TSV accounts for its header lines", async () => {
  await metron(["config", "publish", file("tsv.yaml", "sensor: tsv\nparser: { bro: {} }\n")]);
  const log = [
    "#separator \\x09",
    "#set_separator\t,",
    "#empty_field\t(empty)",
    "#unset_field\t-",
    "#path\tconn",
    "#fields\tts\tuid\tid.orig_h\tid.resp_h",
    "#types\ttime\tstring\taddr\taddr",
    "1795946500.5\tC1\t192.0.2.1\t192.0.2.2",
    "1795946501.5\tC2\t192.0.2.1\t192.0.2.2",
    "#close\t2026-11-29-10-00-00",
    "",
  ].join("\n");
  const { out } = await metron(["ingest", "--sensor", "tsv"], log);
  expect(out).toContain("10 records");
  expect(out).toContain("2 messages indexed");
  expect(out).toContain("8 records gave no message: header lines, or left out by the sensor's filter\n");
  const [told] = objects((await metron(["ingest", "--sensor", "tsv", "--json"], log)).out);
  expect(told).toMatchObject({ accepted: 10, indexed: 2, rejected: 0, withoutMessage: 8 });
});

test("syslog is taken over UDP and TCP, in lines and with counted octets", async () => {
  const text = (program: string) => `<34>Oct 11 22:14:15 host ${program}: hello`;
  const socket = connect(port, "127.0.0.1");
  const counted = text("counted");
  socket.end(`${text("line")}\n`);
  connect(port, "127.0.0.1").end(`${counted.length} ${counted}`);
  const udp = createSocket("udp4");
  udp.send(text("datagram"), port, "127.0.0.1", () => udp.close());
  const found = await until(async () => {
    const { out } = await metron(["search", "source.type:syslog", "--json", "--fields", "original_string"]);
    return objects(out).length === 3 && objects(out);
  });
  expect(found.map((message) => message.original_string).sort()).toEqual(
    ["counted", "datagram", "line"].map(text),
  );
});

test("the scenario is written to files and sent to the platform and to syslog", async () => {
  const target = join(folder.path, "day");
  const written = await metron(["scenario", "write", target, "--duration", "20m", "--rate", "2"]);
  expect(written.status).toBe(0);
  expect(readdirSync(target)).toEqual(
    expect.arrayContaining(["answers.jsonl", "assets.json", "indicators.csv"]),
  );
  const send = (...args: string[]) =>
    metron(["scenario", "send", "--rate", "100", "--for", "1s", "--json", ...args]);
  file(
    "squid.yaml",
    "sensor: squid\nparser: { grok: { grokPath: /patterns/squid, patternLabel: SQUID_DELIMITED } }\n",
  );
  await metron(["config", "publish", join(folder.path, "squid.yaml")]);
  const platformed = JSON.parse((await send("--sensor", "squid")).out);
  expect(platformed.accepted).toBe(platformed.sent);
  expect(platformed.sent).toBeGreaterThan(0);
  for (const to of [`syslog:127.0.0.1:${port}`, `udp:127.0.0.1:${port}`])
    expect(JSON.parse((await send("--sensor", "syslog", "--to", to)).out).sent).toBeGreaterThan(0);
  expect(await send("--to", "platfrom")).toMatchObject({
    status: 2,
    err: expect.stringContaining("expected platform, syslog:HOST:PORT or udp:HOST:PORT"),
  });
  const nobody = await send("--to", `syslog:127.0.0.1:${await freePort()}`);
  expect(nobody).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^metron: sending to syslog:127\.0\.0\.1:\d+: connect ECONNREFUSED/),
  });
});

test.each([
  [["--rate", "abc"], "expected a number above 0"],
  [["--rate", "0"], "expected a number above 0"],
  [["--sensor", "nosuch"], "asa, bro, snort, squid, suricata, syslog"],
])("a load that cannot be sent is refused at once: %j", async (args, reason) => {
  const { status, err } = await metron(["scenario", "send", "--for", "1s", ...args]);
  expect({ status, err }).toEqual({ status: 2, err: expect.stringContaining(reason) });
});

test("a load for a sensor that the platform does not have ends with the reason", async () => {
  const { status, err } = await metron([
    "scenario",
    "send",
    "--for",
    "20s",
    "--rate",
    "50",
    "--sensor",
    "asa",
  ]);
  expect({ status, err }).toEqual({
    status: 1,
    err: expect.stringContaining("taking records for sensor `asa`: there is no such sensor"),
  });
});

test("the sensors are listed with what they did", async () => {
  const sensors = objects((await metron(["sensors", "--json"])).out);
  expect(sensors.find(({ name }) => name === "many")).toMatchObject({
    parser: "jsonMap",
    indexed: 3456,
    lag: 0,
  });
  expect((await metron(["sensors"])).out).toMatch(/^SENSOR +PARSER +STATE/);
});

test("rejected records are replayed after a fix, once", async () => {
  const strict = file(
    "strict.yaml",
    jsonSensor("strict", "validations: [ { STELLAR: { config: { condition: 'a > 1' } } } ]\n"),
  );
  await metron(["config", "publish", strict]);
  await metron(["ingest", "--sensor", "strict"], '{"a":1}\nnonsense\n{"a":2}\n');
  file("strict.yaml", jsonSensor("strict"));
  await metron(["config", "publish", strict]);
  const replay = async () =>
    JSON.parse(
      (await metron(["replay", "--sensor", "strict", "--query", "error_type:parser_invalid", "--json"])).out,
    );
  expect(await replay()).toEqual({ replayed: 1, records: 1, incomplete: 0, unknown: 0 });
  expect(await replay()).toEqual({ replayed: 0, records: 0, incomplete: 0, unknown: 0 });
  expect((await metron(["replay", "--sensor", "strict", "--query", "error_type:parser_error"])).out).toBe(
    "1 record is on its way through its sensor again\n",
  );
  expect(await metron(["replay", "--sensor", "strickt"])).toMatchObject({
    status: 1,
    err: expect.stringContaining("there is no such sensor"),
  });
  const found = await until(async () => {
    const { out } = await metron(["search", "source.type:strict", "--sort", "a", "--json"]);
    return objects(out).length === 2 && objects(out);
  });
  expect(found.map(({ a, original_string }) => [a, original_string])).toEqual([
    [1, '{"a":1}'],
    [2, '{"a":2}'],
  ]);
});

test("long whole numbers are shown to the last digit", async () => {
  await metron(["config", "publish", file("long.yaml", jsonSensor("long"))]);
  await metron(
    ["ingest", "--sensor", "long"],
    '{"n":9007199254740993,"list":[123456789012345678901234567890]}\n',
  );
  const { out } = await metron(["search", "source.type:long", "--json", "--fields", "n,list"]);
  expect(out).toContain('"n":9007199254740993');
  expect(out).toContain("123456789012345678901234567890");
  const table = await metron(["search", "source.type:long", "--fields", "n"]);
  expect(table.out).toContain("9,007,199,254,740,993");
});

test("a platform that is not there is told of", async () => {
  const { status, err } = await metron(["search", "--server", "http://127.0.0.1:1"]);
  expect(status).toBe(1);
  expect(err).toBe(
    "metron: calling http://127.0.0.1:1: no answer\nCheck the address, and that the platform runs there: `metron up`, or `metron server` where there are several processes. (SERVER_UNREACHABLE)\n",
  );
});
