import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestFolder, type Running } from "./testing/run-cli.ts";

/** What a publish says of mistakes in packages and modules, and of packages that are left out. */
const folder = openTestFolder();
const { metron, file } = folder;
let platform: Running;

const place = (...names: string[]) => join(folder.data, ...names);

/** Puts the sample package below the data folder, changed as asked, and answers what documents call it. */
function packageOf(name: string, change: (text: string) => string = (text) => text, changed = "sample.ts") {
  cpSync(
    join(import.meta.dirname, "..", "platform", "testing", "sample-extension"),
    place("extensions", name),
    { recursive: true },
  );
  const path = place("extensions", name, changed);
  writeFileSync(path, change(readFileSync(path, "utf8")));
  return `extensions/${name}`;
}

/** Publishes the global document, and a sensor if there is one; answers what is said for a refusal, a line per mistake. */
async function publish(text: string, sensor?: string): Promise<string[]> {
  const files = [file("metron.yaml", `workers: 1\n${text}`)];
  if (sensor !== undefined) files.push(file("doors.yaml", `sensor: doors\n${sensor}`));
  const { err } = await metron(["config", "publish", ...files]);
  return err
    .replaceAll(files[0] as string, "global")
    .replaceAll(join(folder.path, "doors.yaml"), "sensor/doors")
    .replace(/^metron: /, "")
    .split("\n")
    .filter((line) => /^\S+:\d+:\d+: /.test(line));
}

beforeAll(async () => {
  mkdirSync(place("functions"), { recursive: true });
  platform = await folder.up({ "metron.yaml": "workers: 1\n" });
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
}, 60_000);

/** Mistakes in modules, and what a refusal says of their place. */
test.each<[string, (text: string) => string, file: string, said: RegExp]>([
  [
    "TypeScript",
    (text) => text.replace("open: (", "open: = ("),
    "sample.ts",
    /sample\.ts:25:13: importing it: Expression expected$/,
  ],
  [
    "TypeScript that Node does not run",
    () => "export const x = 1;\nenum Door { open }\n",
    "owners.ts",
    /owners\.ts:2:1: importing it: TypeScript enum is not supported/,
  ],
  [
    "a module that does not export what another imports",
    () => "export const x = 1;\n",
    "owners.ts",
    /sample\.ts:3:10: importing it: .*'ownerOf'$/,
  ],
  [
    "a name that does not exist",
    (text) => `${text}\nnothing;\n`,
    "owners.ts",
    /owners\.ts:7:1: importing it: /,
  ],
])("a mistake of %s in a package is told with file, line and column", async (what, change, file, said) => {
  const name = packageOf(what.replaceAll(" ", "-"), change, file);
  const [mistake, ...more] = await publish(`extensions: [${name}]\n`);
  expect([mistake, ...more]).toHaveLength(1);
  expect(mistake).toContain(`global:2:14: extensions.0: ${name}/`);
  expect(mistake).toMatch(said);
});

test("so is a mistake of JavaScript, whichever file it is in, and those of several packages and modules", async () => {
  const name = packageOf("script", (text) => text.replace("sample.ts", "main.js"), "package.json");
  writeFileSync(place(name, "main.js"), 'import "./lib/part.js";\n');
  mkdirSync(place(name, "lib"), { recursive: true });
  writeFileSync(place(name, "lib", "part.js"), "export const part = {\n  a: 1,\n  b: = 2,\n};\n");
  writeFileSync(place("functions", "odd.mjs"), "export const odd = 1;\n\nthrow 5;\n");
  writeFileSync(place("functions", "short.mjs"), "export const odd = {");
  writeFileSync(place("functions", "a-broken-one.mjs"), "nobody names it {");
  writeFileSync(place("functions", "ours.stellar"), "TWICE := (x) -> NOPE(x)\n");
  const text = `extensions: [${name}]
functions: [functions/odd.mjs, functions/short.mjs]
`;
  expect(await publish(text)).toEqual([
    `global:2:14: extensions.0: ${name}/lib/part.js:3:6: importing it: Unexpected token '='`,
    "global:3:13: functions.0: functions/odd.mjs:1:1: importing it: 5",
    "global:3:32: functions.1: functions/short.mjs:1:1: importing it: Unexpected end of input",
  ]);
  expect(await publish("functions: [functions/ours.stellar]\n")).toEqual([
    expect.stringMatching(
      /^global:2:13: functions\.0: functions\/ours\.stellar:1:1: TWICE: there is no function NOPE/,
    ),
  ]);
});

test("who leaves out a package that a sensor uses has the mistake, and hears the package's name", async () => {
  const name = packageOf("doors");
  const uses = `parser: { badge: { separator: "/" } }\nenrichments: { owner: [badge] }\n`;
  const calls = `${uses}threatIntel: { stellar: { entered: IS_DOOR(door) } }\n`;
  expect(await publish(`extensions: [${name}]\n`, calls)).toEqual([]);
  const leftOut = (what: string) =>
    `\`${name}\` is left out, and sensor/doors uses ${what} of it; name it here, or publish sensor/doors without that`;
  expect(await publish("extensions: []\n")).toEqual([
    `global:2:1: extensions: ${leftOut("the parser `badge`")}`,
    `global:2:1: extensions: ${leftOut("the enrichment `owner`")}`,
    `global:2:1: extensions: ${leftOut("the function `IS_DOOR`")}`,
  ]);
  // The check of a document that is published with it blames the document, and names the package too.
  const [parser, enrichment] = await publish("", uses);
  const hint = `; \`${name}\` has it, which \`extensions\` of the global document leaves out`;
  expect(parser).toMatch(/^sensor\/doors:2:11: parser\.badge: there is no parser `badge`; known are asa, /);
  expect(parser?.endsWith(hint)).toBe(true);
  expect(enrichment).toMatch(/^sensor\/doors:3:16: enrichments\.owner: there is no enrichment `owner`/);
  expect(enrichment?.endsWith(hint)).toBe(true);
  // A package that changes may lose what is used.
  packageOf("doors", (text) => text.replace('name: "badge",', 'name: "pass",'));
  expect(await publish(`extensions: [${name}]\n`)).toEqual([
    `global:2:14: extensions.0: \`${name}\` no longer has the parser \`badge\`, which sensor/doors uses`,
  ]);
});
