import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Platform } from "./platform.ts";
import { found, send, testPlatforms } from "./testing/test-platform.ts";

/** The tests' own tools take the place of `metron`: modules are resolved by them here, and not by the platform. */
const ZOD = pathToFileURL(join(import.meta.dirname, "..", "..", "node_modules", "zod", "index.js")).href;

/** What becomes of modules and packages that never end, take all memory, or end their process. */
const GLOBAL = "workers: 1\nseal: { seconds: 1 }\nextensions: [extensions/loops]\n";
const SENSOR = "sensor: loops\nparser: { lines: {} }\n";
const by = () => ({ author: "test", at: Date.now() });
/** Nine trials below take all of their time; it begins when the process of a trial has started. */
const trials = { milliseconds: 2000, megabytes: 128 };

const platforms = testPlatforms({ sensors: {} });
const folder = join(platforms.data, "extensions", "loops");
let platform: Platform;

/** A package whose parser makes a message of every line; parts of it are replaced. */
function pack({ top = "", open = "", record = "", example = "one" } = {}): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "name": "loops", "type": "module", "main": "loops.mjs" }');
  writeFileSync(
    join(folder, "loops.mjs"),
    `import { z } from "${ZOD}";
${top}
export const loops = {
  parsers: [{
    name: "lines",
    summary: "Reads lines.",
    config: z.strictObject({ endless: z.boolean().default(false).describe("Whether it ends.") }),
    fields: [{ name: "line", meaning: "text", about: "The line." }],
    examples: [{ options: {}, given: "${example}", gives: { line: "${example}", timestamp: 0 } }],
    open: ({ endless }) => {
      while (endless);
      ${open}
      return {
        timeless: "arrival",
        parseRecord(record) {
          const line = Buffer.from(record).toString();
          ${record}
          return { line };
        },
      };
    },
  }],
  functions: [{ name: "FOREVER", params: [], returns: "string", call: () => { for (;;); } }],
};
`,
  );
}

const publish = (global = GLOBAL, sensor = SENSOR) =>
  platform.publish(
    [
      { kind: "global", name: "global", text: global },
      { kind: "sensor", name: "loops", text: sensor },
    ],
    by(),
  );

async function linesOf(record: string): Promise<unknown[]> {
  await send(platform, [record], "loops");
  await platform.caughtUp();
  return (await found(platform, `line:${record}`, "loops")).map(({ line }) => line);
}

beforeAll(async () => {
  platform = await platforms.open({ trials });
  pack();
  await publish();
}, 120_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  platforms[Symbol.dispose]();
}, 60_000);

test.each<[string, Parameters<typeof pack>[0], string]>([
  ["whose module loops", { top: "for (;;);" }, "it takes more than 2 s"],
  [
    "whose module waits",
    { top: "setInterval(() => {}, 1000); await new Promise(() => {});" },
    "it takes more than 2 s",
  ],
  ["whose example loops", { record: 'while (line === "one");' }, "it takes more than 2 s"],
  ["that opens without end", { open: "for (;;);" }, "it takes more than 2 s"],
  [
    "that holds ever more",
    { top: "const all = []; for (;;) all.push(new Array(10_000).fill({}));" },
    "it takes more than 128 MB of memory",
  ],
  ["that ends its process", { top: "process.exit(3);" }, "it ends its process (exit code 3)"],
])(
  "a package %s is refused, and the one before stays in force",
  async (what, parts, said) => {
    pack(parts);
    await expect(publish()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(
        `global:3:14: extensions.0: extensions/loops: importing it and running its examples: ${said}`,
      ),
    });
    const record = what.replaceAll(" ", "-");
    expect(await linesOf(record)).toEqual([record]);
  },
  120_000,
);

test("a document with which a package in force does not end is refused, checked or published", async () => {
  pack();
  const endless = { kind: "sensor", name: "loops", text: SENSOR.replace("{}", "{ endless: true }") } as const;
  const refused = {
    code: "CONFIG_INVALID",
    message: expect.stringContaining(
      "sensor/loops: opening it with extensions/loops: it takes more than 2 s",
    ),
  };
  await expect(platform.check([endless])).rejects.toMatchObject(refused);
  await expect(platform.publish([endless], by())).rejects.toMatchObject(refused);
  const constant = { ...endless, text: `${SENSOR}transforms: [ { STELLAR: { x: FOREVER() } } ]\n` };
  await expect(platform.publish([constant], by())).rejects.toMatchObject(refused);
  expect(await linesOf("checked")).toEqual(["checked"]);
}, 120_000);

test("a worker that is caught in an admitted package is freed by publishing a better one", async () => {
  pack({ record: 'while (line === "caught");' });
  await publish();
  await send(platform, ["caught", "behind"], "loops");
  pack({ record: "/* It ends. */" });
  await publish();
  await platform.caughtUp();
  expect((await found(platform, "line:(caught OR behind)", "loops")).map(({ line }) => line).sort()).toEqual([
    "behind",
    "caught",
  ]);
}, 120_000);

test("a package that was changed into an endless one does not hang the next start", async () => {
  await platform[Symbol.asyncDispose]();
  pack({ top: "for (;;);" });
  platform = await platforms.open({ trials });
  const { problems } = await platform.status();
  expect(JSON.stringify(problems)).toContain(
    "extensions/loops: importing it and running its examples: it takes more than 2 s",
  );
}, 120_000);
