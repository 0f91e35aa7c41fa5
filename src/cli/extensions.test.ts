import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestFolder, type Running } from "./testing/run-cli.ts";

/** An extension package in a real platform: it brings a parser, an enrichment and a function. */
const folder = openTestFolder();
const { metron, file } = folder;
const sample = join(folder.data, "extensions", "sample");
let platform: Running;

const GLOBAL = "workers: 2\nextensions: [extensions/sample]\n";
const SENSOR = `sensor: doors
parser: { badge: { separator: "/" } }
enrichments: { owner: [badge] }
threatIntel: { stellar: { entered: IS_DOOR(door) } }
`;

beforeAll(async () => {
  cpSync(join(import.meta.dirname, "..", "platform", "testing", "sample-extension"), sample, {
    recursive: true,
  });
  platform = await folder.up({ "metron.yaml": "workers: 2\n" });
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
}, 60_000);

/** Changes a file of the package. */
function edit(name: string, change: (text: string) => string): void {
  const path = join(sample, name);
  writeFileSync(path, change(readFileSync(path, "utf8")));
}

const publish = (text = GLOBAL) => metron(["config", "publish", file("metron.yaml", text)]);

async function messageOf(record: string): Promise<Record<string, unknown>> {
  await metron(["ingest", "--sensor", "doors"], `${record}\n`);
  const [badge] = record.split("/");
  const { out } = await metron(["search", `source.type:doors AND badge:${badge}`, "--json", "--limit", "1"]);
  return JSON.parse(out) as Record<string, unknown>;
}

test("a package adds a parser, an enrichment and a function, is replaced without a restart, and a faulty one is refused", async () => {
  const sensor = file("doors.yaml", SENSOR);
  const before = await metron(["config", "publish", sensor]);
  expect(before.err).toContain("parser.badge: there is no parser `badge`; known are asa,");
  expect(before.err).toContain("enrichments.owner: there is no enrichment `owner`");
  expect((await metron(["config", "check", file("metron.yaml", GLOBAL)])).out).toContain(
    "extensions: extensions/sample was not run, as a check runs nothing; publishing does",
  );

  expect(await metron(["config", "publish", file("metron.yaml", GLOBAL), sensor])).toMatchObject({
    status: 0,
    err: "",
  });
  expect(await messageOf("17/door-a")).toMatchObject({
    badge: "17",
    door: "door-a",
    entered: true,
    "enrichments.owner.badge.name": "Ada",
  });
  const mistaken = file("doors.yaml", SENSOR.replace("separator", "seperator"));
  expect((await metron(["config", "publish", mistaken])).err).toContain(
    "parser.badge.seperator: no such option",
  );

  edit("owners.ts", (text) => text.replace("Grace", "Barbara"));
  expect(await publish()).toMatchObject({ status: 0 });
  expect(await messageOf("23/lift")).toMatchObject({
    entered: false,
    "enrichments.owner.badge.name": "Barbara",
  });

  const good = readFileSync(join(sample, "sample.ts"), "utf8");
  for (const [change, said] of [
    [(text: string) => text.replace('"badge"', '"asa"'), "there is a parser `asa` already"],
    [
      (text: string) => text.replace('summary: "Adds whose badge it is.",', ""),
      "enrichments.0.summary: is missing; expected a text",
    ],
    [(text: string) => text.replace("IS_DOOR", "IS DOOR"), "expected that it exports functions"],
    [
      (text: string) => text.replace('given: "17/door-a"', 'given: "18/door-a"'),
      "example 1 of the parser `badge` comes to ",
    ],
    [(text: string) => text.slice(0, 300), "importing it: "],
  ] as const) {
    edit("sample.ts", change);
    const refused = await publish();
    expect(refused.status).toBe(1);
    expect(refused.err).toMatch(/metron\.yaml:2:14: extensions\.0: extensions\/sample[:/]/);
    expect(refused.err).toContain(said);
    writeFileSync(join(sample, "sample.ts"), good);
  }
  expect((await publish("workers: 2\n")).err).toContain(
    "extensions: `extensions/sample` is left out, and sensor/doors uses the parser `badge` of it",
  );
  rmSync(join(sample, "package.json"));
  expect((await publish()).err).toContain(
    "extensions/sample needs a package.json whose `main` names a module",
  );
  // All the while the old one works.
  expect(await messageOf("99/door-b")).toMatchObject({ badge: "99", entered: true });
  for (const [name, said] of [
    ["/etc", "extensions are read below"],
    ["nothing", "there is no package `nothing` at "],
    ["extensions/nothing", "there is no folder at "],
  ])
    expect((await publish(`workers: 2\nextensions: [${name}]\n`)).err).toContain(said);
}, 120_000);
