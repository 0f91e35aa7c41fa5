import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestFolder, type Running, until } from "./testing/run-cli.ts";

/** The shell over a platform that runs, and over the same folder once it does not. */
const folder = openTestFolder();
const { metron, file } = folder;
let platform: Running;

const WEB = `# Traffic of the web servers.
sensor: web
parser: { jsonMap: {} }
validations:
  - NOT_EMPTY: { input: host }
threatIntel: { malicious_ip: [ip] }
triage: { rules: [ { rule: "bytes > 5", score: 7 } ] }
`;

beforeAll(async () => {
  platform = await folder.up({
    "metron.yaml":
      "workers: 1\nglobal: { 'es.ip': node1 }\nfunctions: [functions/ours.stellar, functions/ours.ts]\n",
    "sensors/web.yaml": WEB,
    "../data/functions/ours.stellar": "// Doubles.\nTWICE := (x) -> x * 2\n",
    "../data/functions/ours.ts":
      "export const thrice = { name: 'THRICE', params: [{ name: 'x', type: 'integer' }], call: (x: number) => x * 3 };\n",
  });
  const bad = file("bad.csv", "indicator,level\n10.6.6.6,high\n");
  expect(await metron(["intel", "load", "--type", "malicious_ip", bad])).toMatchObject({ status: 0 });
  const published = file("half.stellar", "HALF := (x) -> x / 2\n");
  expect(await metron(["config", "publish", published])).toMatchObject({ status: 0 });
  await metron(["ingest", "--sensor", "web"], '{"host":"a","remote_user":"eve"}\n');
  await until(async () => (await metron(["search", "remote_user:eve", "--json"])).out.includes("eve"));
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
}, 60_000);

async function shell(...statements: readonly string[]): Promise<string> {
  const { out, err } = await metron(["stellar", "-e", ...statements]);
  return out + err;
}

const LOOK = [
  "HALF(TWICE(THRICE(14)))",
  "ENRICHMENT_GET('malicious_ip', '10.6.6.6', 'threatintel', 't')",
  "ENRICHMENT_EXISTS('malicious_ip', '10.6.6.7', 'threatintel', 't')",
  "GEO_GET('8.8.8.8', ['country'])",
  "ASN_GET('10.0.0.1')",
];

test("expressions reach functions of users, tables and databases", async () => {
  const over = await shell(...LOOK, "%globals");
  expect(over.split("\n")).toEqual([
    "42",
    "{indicator=10.6.6.6, level=high}",
    "false",
    "US",
    "{}",
    "{es.ip=node1}",
    "",
  ]);
}, 60_000);

test("configurations are read and published in Metron's form", async () => {
  const add = (rule: string) =>
    `CONFIG_PUT('ENRICHMENT', THREAT_TRIAGE_ADD(CONFIG_GET('ENRICHMENT', 'web'), {'rule': '${rule}', 'score': 9}), 'web')`;
  const rules = "THREAT_TRIAGE_PRINT(CONFIG_GET('ENRICHMENT', 'web'))";
  const good = await shell(
    "MAP_GET('es.ip', TO_JSON_MAP(CONFIG_GET('GLOBAL')))",
    "IS_EMPTY(CONFIG_GET('PARSER', 'none', false))",
    add('host == "a"'),
    rules,
    "CONFIG_PUT('INDEXING', '{\"elasticsearch\":{\"enabled\":false}}', 'web')",
    "CONFIG_PUT('GLOBAL', '{\"es.ip\":\"node2\"}')",
    "CONFIG_GET('GLOBAL')",
  );
  expect(good).toMatch(/^node1\ntrue\n.*bytes > 5.*host == "a".*node2/s);
  const text = (await metron(["config", "show", "sensor/web"])).out;
  expect(text).toContain("# Traffic of the web servers.");
  expect(text).toContain("NOT_EMPTY");
  expect(text).toMatch(/index:\s+enabled: false/);
  expect((await metron(["config", "show", "global"])).out).toContain("workers: 1");
  expect((await metron(["config", "history", "sensor/web"])).out).toContain("Published by CONFIG_PUT.");

  const bad = await shell(
    add("NO_SUCH(host)"),
    "CONFIG_PUT('INDEXING', '{}', 'none')",
    "CONFIG_PUT('PROFILER', '{}')",
    "CONFIG_PUT('PARSER', '{\"parserClassName\":\"Odd\"}', 'web')",
  );
  expect(bad).toMatch(/the platform refuses: .*there is no function NO_SUCH/);
  expect(bad).toContain("publish its PARSER configuration first");
  expect(bad).toContain("profiles are not part");
  expect(bad).toContain("no parser for class `Odd`");
}, 60_000);

test("a parser is tried out with its transformations and validations", async () => {
  const [message = "", failed = "", count] = (
    await shell(
      'p := PARSER_INIT(\'web\', \'{"parserClassName":"org.apache.metron.parsers.json.JSONMapParser","sensorTopic":"web","fieldTransformations":[{"transformation":"STELLAR","output":["b"],"config":{"b":"TWICE(a)"}}]}\')',
      "m := PARSER_PARSE(p, ['{\"a\":21}', 'nonsense'])",
      "TO_STRING(MAP_GET('b', GET_FIRST(m)))",
      "MAP_GET('message', GET_LAST(m))",
      "TO_STRING(p)",
    )
  )
    .split("\n")
    .slice(-4);
  expect([message, failed, count]).toEqual([
    "42",
    expect.stringContaining("not a JSON map"),
    "Parser{1 successful, 1 error(s)}",
  ]);
  expect(await shell("PARSER_PARSE(PARSER_INIT('web'), '{\"a\":1}')")).toContain("source.type");
  expect(await shell("PARSER_INIT('none')")).toContain(
    "there is no parser configuration of the sensor `none`",
  );
  expect(await shell("PARSER_INIT('web', '{\"parserClassName\":\"Odd\"}')")).toContain(
    "no parser for class `Odd`",
  );
}, 60_000);

test("rules and the server's own evaluation reach neither files nor the network", async () => {
  const evaluate = async (expression: string) => {
    const response = await fetch(`${platform.url}/api/v1/stellar/evaluate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ expression }),
    });
    const { diagnostics } = (await response.json()) as { diagnostics: { message: string }[] };
    return diagnostics[0]?.message;
  };
  expect(await evaluate("LOCAL_READ('/etc/passwd')")).toContain("LOCAL_READ needs localFiles");
  expect(await evaluate("HDFS_READ('/a')")).toContain("HDFS_READ needs platformFiles");
  expect(await evaluate("REST_GET('http://127.0.0.1/')")).toContain("REST_GET needs http");
  expect(await evaluate("SYSTEM_ENV_GET('HOME')")).toContain("SYSTEM_ENV_GET needs system");
  expect(await evaluate("CONFIG_GET('GLOBAL')")).toContain("CONFIG_GET needs configuration");
  expect(await evaluate("OBJECT_GET('/../secret')")).toContain("there is no object");
}, 60_000);

test("on a terminal: banner, several lines, history, completion and charts", async () => {
  const home = folder.path;
  // script(1) gives the shell a terminal of its own.
  const command = `${process.execPath} ${join(import.meta.dirname, "main.ts")} stellar --data ${folder.data}`;
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    env: { ...process.env, HOME: home, TERM: "xterm" },
  });
  let text = "";
  child.stdout.on("data", (part: Buffer) => {
    text += part;
  });
  const type = async (keys: string, shows: string) => {
    child.stdin.write(keys);
    while (!text.includes(shows)) await new Promise((done) => setTimeout(done, 20));
    text = text.slice(text.indexOf(shows) + shows.length);
  };
  await type("", "[Stellar]>>> ");
  await type("x := [1,\r", "... ");
  await type("2]\r", "[1, 2]");
  await type("TWI\t", "TWICE(");
  await type("21)\r", "42");
  // The fields of stored messages are completed too.
  await type("remote_u\t", "remote_user");
  await type("\u0003", "^C");
  await type("{'a':1,'b':2,'c':30}\r", "█");
  await type("%vars\r", "x = [1, 2] via");
  await type("?TWICE\r", "Doubles.");
  await type("%time 1+1\r", " ms, ");
  await type("nobody(\u0003", "^C");
  const ended = new Promise((done) => child.once("close", done));
  child.stdin.write("quit\r");
  expect(await ended).toBe(0);
  expect(readFileSync(join(home, ".metron_stellar_history"), "utf8").split("\n")).toContain("x := [1, 2]");
}, 60_000);

test("without a platform the shell reads the folder, and publishes nothing", async () => {
  await platform.stop();
  const alone = await shell(...LOOK, "%globals");
  expect(alone.split("\n")).toEqual([
    "42",
    "{indicator=10.6.6.6, level=high}",
    "false",
    "US",
    "{}",
    "{es.ip=node2}",
    "",
  ]);
  expect(await shell("CONFIG_PUT('GLOBAL', '{}')")).toContain("no platform runs on the data folder");
  expect(await shell("HDFS_WRITE('a', '/x/a')", "HDFS_READ('/x/a')")).toBe("true\na\n");
  expect(execFileSync("cat", [join(folder.data, "files", "x", "a")], { encoding: "utf8" })).toBe("a");
  const piped = await metron(["stellar"], "x := 1 +\n  1\nx * 21\n# done\n");
  expect(piped).toMatchObject({ status: 0, out: "2\n42\n" });
}, 60_000);
