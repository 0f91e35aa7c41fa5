import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestFolder, type Running } from "./testing/run-cli.ts";

/** One check, and one publish, tells all that is wrong: in every part of a document, and in every document. */
const folder = openTestFolder();
const { metron, file } = folder;
let platform: Running;

/** A document with a mistake of every kind: its form, names and options of components, expressions. */
const MANY = `sensor: many
bogus: 1
parser: { csv: { separator: 5, timestampFormat: QQQQ } }
transforms:
  - NOSUCH: {}
  - RENAME: { config: 1 }
  - STELLAR: { output: [site], config: { site: "URL_TO_HOST(url" } }
validations:
  - NOSUCH: {}
enrichments: { geo: [ip_src_addr], nosuch: [a] }
threatIntel: { malicious_ip: ip_src_addr }
triage:
  aggregator: SUM2
  rules:
    - { name: A, rule: "NOFUNC(x)", score: 70 }
    - { name: B, rule: "ip_src_addr", score: 10 }
`;

/** Where something is wrong, in the order of the lines. */
const PLACES = [
  "bogus",
  "parser.csv.columns",
  "parser.csv.separator",
  "transforms.0.NOSUCH",
  "transforms.1.RENAME.config",
  "transforms.2.STELLAR.config.site",
  "validations.0.NOSUCH",
  "enrichments.nosuch",
  "threatIntel.malicious_ip",
  "triage.aggregator",
  "triage.rules.0.rule",
  "triage.rules.1.rule",
];

beforeAll(async () => {
  platform = await folder.up({ "metron.yaml": "workers: 1\n" });
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
}, 60_000);

const placesIn = (text: string, path: string) =>
  text
    .split("\n")
    .filter((line) => line.includes(`${path}:`))
    .map((line) => /:\d+:\d+: (?:error: )?([\w.]+): /.exec(line)?.[1]);

test("a check tells every mistake of a document, each once, in the order of its lines", async () => {
  const many = file("many.yaml", MANY);
  const { status, out } = await metron(["config", "check", many]);
  expect({ status, places: placesIn(out, many) }).toEqual({ status: 1, places: PLACES });
  expect(out).toContain("threatIntel.malicious_ip: expected a list of fields, such as [ip_src_addr]");
});

test("options of sources are told with the rest", async () => {
  const text = "sensor: src\nsource: { syslog: { port: x }, nosuch: {} }\nparser: { nosuch: {} }\n";
  const path = file("src.yaml", text);
  const { out } = await metron(["config", "check", path]);
  expect(placesIn(out, path)).toEqual(["source.syslog.port", "source.nosuch", "parser.nosuch"]);
});

test("a rule without its score hides no other mistake", async () => {
  const text = "sensor: b\nparser: { nosuch: {} }\ntriage: { rules: [{ name: X, rule: 'a == 1' }] }\n";
  const path = file("b.yaml", text);
  expect(placesIn((await metron(["config", "check", path])).out, path)).toEqual([
    "parser.nosuch",
    "triage.rules.0.score",
  ]);
});

test("a text that is left open is told once", async () => {
  const path = file("open.yaml", 'sensor: open\nparser: { csv: { columns: "a,b"\n');
  const { out } = await metron(["config", "check", path]);
  expect(out.trim().split("\n")).toHaveLength(1);
});

test("a publish tells the mistakes of all documents, by their files, and publishes none", async () => {
  const a = file("a.yaml", "sensor: a\nparser: { nosuch: {} }\nbogus: 1\n");
  const b = file("b.yaml", "sensor: b\nparser: { csv: {} }\n");
  const c = file("c.yaml", "sensor: [c\n");
  const d = file("d.yaml", "sensor: d\nparser: { jsonMap: {}\n");
  const good = file("good.yaml", "sensor: good\nparser: { jsonMap: {} }\n");
  const global = file("metron.yaml", "worker: 1\n");
  const { status, err } = await metron(["config", "publish", a, b, d, good, global]);
  expect(status).toBe(1);
  expect(placesIn(err, a)).toEqual(["parser.nosuch", "bogus"]);
  expect(placesIn(err, b)).toEqual(["parser.csv.columns"]);
  expect(placesIn(err, global)).toEqual(["worker"]);
  expect(err).toContain(`${d}:3:1: `);
  expect((await metron(["config", "list"])).out).not.toContain("sensor/good");
  // What does not even name its sensor is told beside another one.
  const nameless = file("nameless.yaml", "parser: { csv: {} }\n");
  const refused = await metron(["config", "publish", c, nameless]);
  expect(refused.err).toContain(`${c}:1:1: `);
  expect(refused.err).toContain(`${nameless}:1:1: `);
});

test("a file that is no document, or is not there, leaves the files after it to be checked", async () => {
  const nameless = file("nameless.yaml", "parser: { csv: {} }\n");
  const good = file("good.yaml", "sensor: good\nparser: { jsonMap: {} }\n");
  const { status, out } = await metron(["config", "check", nameless, `${good}.gone`, good]);
  expect(status).toBe(1);
  expect(out).toContain(`${nameless}:1:1: error: expected \`sensor: NAME\``);
  expect(out).toContain(`${good}.gone:1:1: error: reading `);
  expect(out).toContain(`${good}: may be published`);
});

test("a global document of another name is told what its file is called, where it is seen to be one", async () => {
  const other = file("platform.yaml", "# ours\nworkers: 1\n");
  const said =
    "`workers` is of the global document, whose file is called metron.yaml: rename it; a sensor document has a line `sensor: NAME`";
  expect((await metron(["config", "publish", other])).err).toContain(`${other}:2:1: ${said}`);
  expect((await metron(["config", "check", other])).out).toBe(`${other}:2:1: error: ${said}\n`);
});

test("a draft may be published as it is printed", async () => {
  const { out } = await metron(["config", "draft", "drafted", "--parser", "keyValue"]);
  const path = file("drafted.yaml", out);
  expect((await metron(["config", "check", path])).out).toBe(`${path}: may be published\n`);
});

test("a publish tells credentials in plain text, by their place, and publishes all the same", async () => {
  const plain = file("plain/metron.yaml", "workers: 1\nglobal:\n  api_key: very-secret\n");
  const { status, out, err } = await metron(["config", "publish", plain]);
  expect({ status, out }).toEqual({ status: 0, out: "global: version 2 is in force\n" });
  expect(err).toMatch(
    /plain\/metron\.yaml:3:12: warning: global\.api_key: a credential in plain text .* `secret: \{ file: PATH \}`/,
  );
  expect(err).not.toContain("very-secret");
});
