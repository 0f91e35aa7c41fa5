import { expect, test } from "vitest";
import { field, mixed } from "./field.ts";
import { families } from "./fields/index.ts";
import { declared, Schema, schema } from "./schema.ts";

const all = families.flatMap(({ fields }) => fields);

test("every name is declared once", () => {
  const names = all.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test("every declaration is one sentence", () => {
  expect(all.filter(({ about }) => !/^[A-Z`][^\n]*[^.]\.$/.test(about)).map(({ name }) => name)).toEqual([]);
});

test("names of the standards have their form: small letters, parts with dots between them", () => {
  const names = all.flatMap(({ ecs, ocsf }) => [ecs, ocsf]).filter((name) => name !== undefined);
  expect(names.filter((name) => !/^@?[a-z0-9_]+(\.[a-z0-9_]+)*$/.test(name))).toEqual([]);
});

test("durations and instants have units, and nothing else has", () => {
  const odd = all.filter(
    ({ meaning, unit }) => unit !== undefined && meaning !== "duration" && meaning !== "instant",
  );
  expect(odd).toEqual([]);
});

test.each([
  ["ip_src_addr", "address", "source.ip"],
  ["enrichments.geo.ip_dst_addr.country", "text", "destination.geo.country_iso_code"],
  ["enrichments.geo.some.other.field.country", "text", undefined],
  ["enrichments.asn.ip_src_addr.autonomous_system_number", "code", "source.as.number"],
  ["threat.triage.rules.0.name", "text", undefined],
  ["threat.triage.rules.12.points", "number", undefined],
  ["adapter.geoadapter.begin.ts", "instant", undefined],
  ["orig_bytes", "bytes", "source.bytes"],
])("%s is declared", (name, meaning, ecs) => {
  expect(schema.find(name)).toMatchObject({ meaning, ...(ecs === undefined ? {} : { ecs }) });
});

test.each([
  "threat.triage.rules.x.name",
  "threat.triage.rules..name",
  "enrichments.geo..country",
  "kilobytes",
  "constructor",
  "",
])("'%s' is not declared", (name) => {
  expect(schema.find(name)).toBeUndefined();
});

test("a name goes before patterns, and of patterns the one that says more", () => {
  const some = new Schema([
    mixed("*", "All."),
    field("a.*", "text", "Some."),
    field("a.#.x", "count", "Few."),
    field("a.1.x", "port", "One."),
    field("a.1.x", "url", "Too late."),
  ]);
  expect(["b", "a.b", "a.7.x", "a.1.x"].map((name) => some.find(name)?.about)).toEqual([
    "All.",
    "Some.",
    "Few.",
    "One.",
  ]);
});

test("signs of regular expressions in names are signs", () => {
  const some = new Schema([field("a+b.(c)#", "text", "One.")]);
  expect(some.find("a+b.(c)1")).toBeDefined();
  expect(some.find("aab.(c)1")).toBeUndefined();
});

test("a parser says a field with a sentence of its own", () => {
  expect(declared("ip_src_port", ["protocol", "Transport protocol."])).toEqual([
    schema.find("ip_src_port"),
    { ...schema.find("protocol"), about: "Transport protocol." },
  ]);
});

test("a parser cannot say what nobody declared", () => {
  expect(() => declared("ip_scr_addr")).toThrow("no field `ip_scr_addr` is declared in src/schema/fields");
});
