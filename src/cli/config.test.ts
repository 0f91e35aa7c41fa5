import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestFolder, type Running } from "./testing/run-cli.ts";

/** What becomes of documents on the command line, on one platform for all tests of the file. */
const folder = openTestFolder();
const { metron, file } = folder;
let platform: Running;

const jsonSensor = (name: string, more = "") => `sensor: ${name}\nparser: { jsonMap: {} }\n${more}`;
const lines = (text: string) => text.split("\n").filter((line) => line !== "");
const objects = (text: string) => lines(text).map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  platform = await folder.up({ "metron.yaml": "workers: 1\n" });
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
}, 60_000);

test("a document goes through check, publish, history, diff, rollback and removal", async () => {
  const wrong = file("shop.yaml", jsonSensor("shop", "transforms:\n  - STELLAR: { big: 'TO_UPER(name)' }\n"));
  const mistake = `${wrong}:4:22: `;
  const checked = await metron(["config", "check", wrong]);
  expect(checked).toMatchObject({ status: 1, out: expect.stringContaining(mistake) });
  const refused = await metron(["config", "publish", wrong]);
  expect(refused).toMatchObject({ status: 1, out: "", err: expect.stringContaining(mistake) });
  expect(refused.err).toContain("did you mean TO_UPPER?");
  expect((await metron(["config", "show", "sensor/shop"])).status).toBe(1);

  const right = file(
    "shop.yaml",
    jsonSensor("shop", "transforms:\n  - STELLAR: { big: 'TO_UPPER(name)' }\n"),
  );
  expect((await metron(["config", "publish", right, "--note", "first"])).out).toBe(
    "sensor/shop: version 1 is in force\n",
  );
  file("shop.yaml", jsonSensor("shop"));
  await metron(["config", "publish", right]);
  const diff = await metron(["config", "diff", "sensor/shop", "1", "2"]);
  expect(lines(diff.out).filter((line) => !line.startsWith(" "))).toEqual([
    "- transforms:",
    "-   - STELLAR: { big: 'TO_UPPER(name)' }",
  ]);
  await metron(["config", "rollback", "sensor/shop", "1"]);
  expect((await metron(["config", "show", "sensor/shop"])).out).toContain("TO_UPPER");
  expect((await metron(["config", "show", "sensor/shop", "--version", "2"])).out).not.toContain("TO_UPPER");
  expect((await metron(["config", "remove", "sensor/shop"])).out).toBe("sensor/shop: withdrawn\n");
  const history = objects((await metron(["config", "history", "sensor/shop", "--json"])).out);
  expect(history.map(({ version, note, withdrawn }) => [version, note, withdrawn])).toEqual([
    [4, "Withdrawn.", true],
    [3, "Back to version 1.", false],
    [2, "", false],
    [1, "first", false],
  ]);
  const listed = objects((await metron(["config", "list", "--json"])).out).map(({ name }) => name);
  expect(listed).not.toContain("shop");
});

test("Metron's JSON is imported, published and exported again", async () => {
  file("zookeeper/global.json", '{ // with a comment\n "es.ip": "node1:9300", "own": 1, }');
  file(
    "zookeeper/parsers/proxy.json",
    JSON.stringify({
      parserClassName: "org.apache.metron.parsers.json.JSONMapParser",
      sensorTopic: "proxy",
      parserConfig: { mapStrategy: "UNFOLD" },
      fieldTransformations: [
        { transformation: "STELLAR", output: ["big"], config: { big: "TO_UPPER(name)" } },
      ],
    }),
  );
  const enrichment = {
    enrichment: { fieldMap: { hbaseEnrichment: ["user"] }, fieldToTypeMap: { user: ["person"] }, config: {} },
    threatIntel: {
      fieldMap: { hbaseThreatIntel: ["ip"] },
      fieldToTypeMap: { ip: ["malicious_ip"] },
      config: {},
      triageConfig: { riskLevelRules: [{ name: "r", rule: "big == 'X'", score: 10 }], aggregator: "SUM" },
    },
    configuration: {},
  };
  file("zookeeper/enrichments/proxy.json", JSON.stringify(enrichment));
  file("zookeeper/parsers/odd.json", '{"parserClassName":"com.example.Odd"}');
  const imported = await metron(["config", "import", join(folder.path, "zookeeper")]);
  expect(imported.status).toBe(0);
  expect(lines(imported.out)).toEqual([
    "global: version 2 is in force",
    "sensor/proxy: version 1 is in force",
  ]);
  expect(imported.err).toContain("odd: left out, since there is no parser for class `com.example.Odd`");
  // What the global document said besides stays.
  const global = (await metron(["config", "show", "global"])).out;
  expect(global).toContain("workers: 1");
  expect(global).toContain("own: 1");

  // Nor does importing again take from a sensor what Metron's JSON cannot say.
  const ours = "source: { file: { paths: ['incoming/*.log'] } }\nindex: { retentionDays: 9 }\n";
  const shown = (await metron(["config", "show", "sensor/proxy"])).out;
  await metron(["config", "publish", "-"], `${shown}${ours}`);
  expect((await metron(["config", "import", join(folder.path, "zookeeper")])).status).toBe(0);
  const kept = (await metron(["config", "show", "sensor/proxy"])).out;
  expect(kept).toContain("incoming/*.log");
  expect(kept).toContain("retentionDays: 9");

  const exported = JSON.parse((await metron(["config", "export", "sensor/proxy"])).out);
  expect(exported.parser).toMatchObject({
    parserClassName: "org.apache.metron.parsers.json.JSONMapParser",
    sensorTopic: "proxy",
    parserConfig: { mapStrategy: "UNFOLD" },
    fieldTransformations: [{ transformation: "STELLAR", output: ["big"], config: { big: "TO_UPPER(name)" } }],
  });
  expect(exported.enrichment).toMatchObject(enrichment);
  const all = join(folder.path, "exported");
  await metron(["config", "export", "--write", all]);
  expect(readdirSync(join(all, "parsers"))).toContain("proxy.json");
  expect(JSON.parse(readFileSync(join(all, "global.json"), "utf8"))).toEqual({
    "es.ip": "node1:9300",
    own: 1,
  });
  const broken = file("zookeeper2/parsers/x.json", '{\n  "a": }');
  const refused = await metron(["config", "import", join(folder.path, "zookeeper2")]);
  expect(refused).toMatchObject({
    status: 1,
    err: expect.stringContaining(`${broken}:2:8: not JSON: value expected`),
  });
  await metron(["config", "remove", "sensor/proxy"]);
});

test("functions of users are published and refused like any document", async () => {
  const ours = file("ours.stellar", "// Twice.\nTWICE := (x) -> x * 2\n");
  expect((await metron(["config", "publish", ours])).out).toBe("functions/ours: version 1 is in force\n");
  const double = file(
    "double.yaml",
    jsonSensor("double", "transforms: [ { STELLAR: { y: 'TWICE(x)' } } ]\n"),
  );
  await metron(["config", "publish", double]);
  await metron(["ingest", "--sensor", "double"], '{"x":21}\n');
  expect(objects((await metron(["search", "source.type:double", "--json"])).out)).toMatchObject([{ y: 42 }]);
  file("ours.stellar", "TWICE := (x) -> x *");
  const refused = await metron(["config", "publish", ours]);
  expect(refused).toMatchObject({
    status: 1,
    err: expect.stringContaining(`${ours}:1:20: expected a value`),
  });
});
