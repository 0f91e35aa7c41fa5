import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { builtIn } from "./components.ts";
import { jsonSchemaOf } from "./json-schema.ts";
import { sensorSchema } from "./sensor.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** The printed schema, as an editor applies it. */
const editor = z.fromJSONSchema(
  jsonSchemaOf(sensorSchema, builtIn) as Parameters<typeof z.fromJSONSchema>[0],
);

test.each(globSync("config/sensors/*.yaml", { cwd: ROOT }).sort())("an editor accepts %s", (file) => {
  expect(editor.safeParse(parse(readFileSync(join(ROOT, file), "utf8"))).error?.issues).toBeUndefined();
});

test.each<[boolean, string]>([
  [true, "parser: { asa: }"],
  [false, "parser: { csv: }"],
  [false, "parser: { asa: { nonsense: 1 } }"],
  [false, "parser: { nonsense: {} }"],
  [false, "parser: {}"],
  [false, "source: { syslog: { port: x } }"],
  [true, "transforms: [ { RENAME: { a: b } } ]"],
  [true, "transforms: [ { rename: { a: b } } ]"],
  [true, "transforms: [ { STELLAR: { output: [a], config: { a: b } } } ]"],
  [false, "transforms: [ { STELLAR: { a: 5 } } ]"],
  [false, "validations: [ { DATE: { input: [a] } } ]"],
  [true, "validations: [ { IP: { input: [a] } } ]"],
  [true, "enrichments: { geo: [a], table: { whois: [b] }, stellar: { c: d } }"],
  [false, "enrichments: { geo: a }"],
  [false, "enrichments: { nonsense: [a] }"],
  [false, "threatIntel: { malicious: a }"],
  [true, "threatIntel: { malicious: [a], stellar: [ 'x := a' ] }"],
])("an editor accepts (%s) %s", (accepted, text) => {
  const document = { parser: { asa: {} }, sensor: "web", ...(parse(text) as object) };
  expect(editor.safeParse(document).success).toBe(accepted);
});
