import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Change } from "../config/store.ts";
import { Fault } from "../core/fault.ts";
import type { Platform } from "./platform.ts";
import { testPlatforms } from "./testing/test-platform.ts";

/** Where a check places mistakes that concern more than one document, and what it says of them. */
const JSON_PARSER = "parser: { jsonMap: {} }\n";
const platforms = testPlatforms({
  global: "workers: 1\n",
  sensors: {
    one: `sensor: one\nsource: { syslog: { port: 5600 } }\n${JSON_PARSER}`,
    two: `sensor: two\n${JSON_PARSER}`,
  },
});
let platform: Platform;

const by = () => ({ author: "test", at: Date.now() });
const global = (text: string): Change => ({ kind: "global", name: "global", text: `workers: 1\n${text}` });
const sensor = (name: string, text: string): Change => ({
  ...{ kind: "sensor", name, text: `sensor: ${name}\n${text}` },
});
const place = (...names: string[]) => join(platforms.data, ...names);
/** Puts the sample package below the data folder, changed as asked, and answers what documents call it. */
function packageOf(name: string, change: (text: string) => string = (text) => text, file = "sample.ts") {
  cpSync(join(import.meta.dirname, "testing", "sample-extension"), place("extensions", name), {
    recursive: true,
  });
  const path = place("extensions", name, file);
  writeFileSync(path, change(readFileSync(path, "utf8")));
  return `extensions/${name}`;
}

/** What keeps changes from being published, a line per mistake. */
async function refusal(...changes: Change[]): Promise<string[]> {
  const fault = await platform.publish(changes, by()).catch((error: unknown) => error);
  if (!(fault instanceof Fault) || fault.code !== "CONFIG_INVALID") throw fault;
  return fault.message.split("\n");
}

beforeAll(async () => {
  mkdirSync(place("functions"), { recursive: true });
  platform = await platforms.open();
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  platforms[Symbol.dispose]();
}, 60_000);

test("what is wrong with the validations of all sensors is told once, in the global document", async () => {
  const text = `validations:
  - NOSUCH: {}
  - DATE: { input: [b] }
  - STELLAR: { config: { condition: "NOFUNC(a)" } }
`;
  const refused = await refusal(global(text));
  expect(refused.map((line) => /^(\S+): (\S+): /.exec(line)?.slice(1))).toEqual([
    ["global:3:5", "validations.0.NOSUCH"],
    ["global:4:5", "validations.1.DATE.config.format"],
    ["global:5:38", "validations.2.STELLAR.config.condition"],
  ]);
});

test("a sensor is not called like what the platform keeps for itself", async () => {
  expect(await refusal(sensor("metron-profiles", JSON_PARSER), sensor("error", JSON_PARSER))).toEqual([
    "sensor/metron-profiles:1:1: sensor: the topic `metron-profiles` holds what profiles have yet to count; choose another name",
    "sensor/error:1:1: sensor: `error` holds the records that were rejected; choose another name",
  ]);
});

test("all wrong entries of extensions and functions are told at once, each at its place, with the rest", async () => {
  const nameless = packageOf("nameless", (text) => text.replace('"main"', '"mein"'), "package.json");
  const text = `extensions:
  - extensions/gone
  - ${nameless}
  - nowhere
functions: [functions/gone.stellar]
databases: { city: /etc/passwd }
`;
  expect(await refusal(global(text), sensor("new", "parser: { asa: { nonsense: 1 } }\n"))).toEqual([
    expect.stringMatching(/^global:3:5: extensions\.0: there is no folder at .*extensions\/gone$/),
    `global:4:5: extensions.1: ${nameless} needs a package.json whose \`main\` names a module: it has no \`main\``,
    expect.stringMatching(/^global:5:5: extensions\.2: there is no package `nowhere` at /),
    expect.stringMatching(/^global:6:13: functions\.0: there is no file .*gone\.stellar$/),
    expect.stringMatching(/^global:7:14: databases\.city: reading \/etc\/passwd: /),
    "sensor/new:2:18: parser.asa.nonsense: no such option",
  ]);
});

const syslog = (options: string) => `source: { syslog: { ${options} } }\n${JSON_PARSER}`;
const TAKEN = "2:21: source.syslog.port: port 5600 is taken by sensor/one; choose another one";

test.each<[string, string, readonly string[]]>([
  ["the same port", "port: 5600", [TAKEN]],
  ["the same port of all addresses", "host: 0.0.0.0, port: 5600", [TAKEN.replace("21", "36")]],
  ["the same port of one protocol", "port: 5600, protocol: udp", [TAKEN]],
  ["the same port of another address", "host: 127.0.0.2, port: 5600", []],
  ["another port", "port: 5601", []],
  ["any free port", "port: 0", []],
])("%s as that of another sensor", async (_what, options, mistakes) => {
  const check = platform.check([sensor("two", syslog(options))]);
  const told = await check.then(
    () => [],
    (error: Fault) => error.message.split("\n"),
  );
  expect(told).toEqual(mistakes.map((mistake) => `sensor/two:${mistake}`));
});

test("of two new sensors with one port the later has the mistake; one that moves away gives its port up", async () => {
  const port = syslog("port: 5700");
  expect(await refusal(sensor("three", port), sensor("four", port))).toEqual([
    "sensor/four:2:21: source.syslog.port: port 5700 is taken by sensor/three; choose another one",
  ]);
  const moved = sensor("one", syslog("port: 5601"));
  expect(await platform.check([sensor("two", syslog("port: 5600")), moved])).toEqual([]);
});
