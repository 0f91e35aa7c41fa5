import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import type { Catalogue } from "../core/component.ts";
import { builtIn } from "./components.ts";
import { globalSchema } from "./global.ts";
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

type Option = {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Option>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Option[];
  readonly items?: Option;
};

/** What a form lacks to show the options of a schema: what each is, what it means, and what is the case without it. */
function lacking(schema: Option, path: string): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, option]) => {
    const { description = "" } = option;
    const at = `${path}.${name}`;
    const isTyped = ["type", "anyOf", "enum", "const"].some((key) => Object.hasOwn(option, key));
    const tells =
      schema.required?.includes(name) ||
      Object.hasOwn(option, "default") ||
      /left out|without|not used/i.test(description);
    return [
      ...(isTyped ? [] : [`${at} has no type`]),
      ...(description.endsWith(".") ? [] : [`${at} is not described`]),
      ...(tells ? [] : [`${at} says nothing of being left out`]),
      ...lacking(option, at),
    ];
  });
  const forms = (schema.anyOf ?? []).flatMap((form) => lacking(form, path));
  return [...own, ...forms, ...(schema.items === undefined ? [] : lacking(schema.items, `${path}[]`))];
}

const KINDS = Object.values(builtIn) as readonly Catalogue[];
const CASES = KINDS.flatMap(({ kind, list }) =>
  list.flatMap(({ name, config, short }) =>
    [config, ...(short === undefined ? [] : [short.config])].map(
      (schema) => [`${kind} ${name}`, schema] as const,
    ),
  ),
);

test.each(CASES)("a form can be drawn for the %s", (title, schema) => {
  expect(lacking(jsonSchemaOf(schema, builtIn) as Option, title)).toEqual([]);
});

/** Parts of documents that name components are looked at above. */
const nothing = Object.fromEntries(
  Object.entries(builtIn).map(([kind, catalogue]) => [kind, { ...catalogue, list: [] }]),
) as unknown as typeof builtIn;

test.each([
  ["sensor", sensorSchema],
  ["metron", globalSchema],
] as const)("and for the document %s", (name, schema) => {
  expect(lacking(jsonSchemaOf(schema, nothing) as Option, name)).toEqual([]);
});

test("what is the case without an option may be written for it", () => {
  const document = { sensor: "web", parser: { asa: {} } };
  const { properties = {} } = jsonSchemaOf(sensorSchema, builtIn) as Option;
  const defaults = Object.entries(properties).flatMap(([name, option]) =>
    Object.hasOwn(option, "default") ? [[name, option.default]] : [],
  );
  expect(defaults.map(([name]) => name)).toEqual(
    expect.arrayContaining(["transforms", "validations", "trusted"]),
  );
  expect(editor.safeParse({ ...document, ...Object.fromEntries(defaults) }).error?.issues).toBeUndefined();
});
