import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { METRON_CLASSES } from "../parsers/metron-classes.ts";
import { builtIn } from "./components.ts";
import { declaresFlow, draftSensor } from "./draft.ts";
import { importSensor } from "./metron/import.ts";
import { readSensor } from "./sensor.ts";

/** Names of flows are on in new sensors, however their documents come to be, and off in imported ones. */
const ROOT = join(import.meta.dirname, "..", "..");
const FLOWS = new Set(builtIn.parsers.list.filter(declaresFlow).map(({ name }) => name as string));

const namesFlows = (transforms: readonly object[] = []) =>
  transforms.some((transform) => Object.hasOwn(transform, "COMMUNITY_ID"));

test("parsers of firewalls and network sensors make flows, others do not", () => {
  expect([...FLOWS]).toEqual(expect.arrayContaining(["asa", "bro", "paloAlto", "suricata"]));
  expect(FLOWS).not.toContain("syslog5424");
});

test.each(builtIn.parsers.list.map(({ name }) => name))(
  "a draft for %s is a document to go on with",
  (name) => {
    const draft = draftSensor("web", name, builtIn);
    const { parser, transforms } = parse(draft) as { parser: object; transforms?: object[] };
    expect(Object.keys(parser)).toEqual([name]);
    expect(namesFlows(transforms)).toBe(FLOWS.has(name));
    if (FLOWS.has(name)) expect(readSensor(draft, "web").sensor.sensor).toBe("web");
  },
);

test("a draft says what the options mean that it leaves to the author", () => {
  expect(draftSensor("web", "csv", builtIn)).toMatch(/^parser:\n {2}csv:\n {4}columns: {3}# \w.*\.$/m);
  expect(() => draftSensor("web", "nosuch", builtIn)).toThrow("there is no parser `nosuch`; known are asa,");
});

test.each(["404", "1e3", "true", "null", "a.b-c_d"])("a draft for the sensor %s has its name", (name) => {
  expect(readSensor(draftSensor(name, "asa", builtIn), name).sensor.sensor).toBe(name);
});

test.each(["a b", "", "../x", "x: y", "a\nparser: {}"])("no draft is made for the name %j", (name) => {
  expect(() => draftSensor(name, "asa", builtIn)).toThrow("expected a name of letters, digits");
});

/** YAML of sensors in files and guides. */
const DOCUMENTS = globSync(["config/sensors/*.yaml", "docs/guide/*.md", "README.md", "CONTRIBUTING.md"], {
  cwd: ROOT,
})
  .sort()
  .flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    const documents = file.endsWith(".md")
      ? [...text.matchAll(/^```yaml\n(sensor: .*?)^```$/gms)].map(([, yaml = ""]) => yaml)
      : [text];
    return documents.map((yaml) => ({ file, yaml }));
  });

test.each(DOCUMENTS)("a new sensor of $file names its flows if it has some", ({ yaml }) => {
  const { parser, transforms } = parse(yaml) as { parser: object; transforms?: object[] };
  const [name = ""] = Object.keys(parser);
  expect(namesFlows(transforms) || !FLOWS.has(name)).toBe(true);
});

test.each(Object.entries(METRON_CLASSES).filter(([, name]) => FLOWS.has(name)))(
  "an import of %s does not",
  (parserClassName) => {
    const imported = importSensor("web", { parserClassName, sensorTopic: "web" }, {}, {}, []);
    expect(JSON.stringify(imported)).not.toContain("COMMUNITY_ID");
  },
);
