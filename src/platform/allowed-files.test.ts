import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Change } from "../config/store.ts";
import { openPlatform, type Platform } from "./platform.ts";
import { found, testPlatforms } from "./testing/test-platform.ts";

const platforms = testPlatforms({ global: "workers: 1\n" });
const { folder, data } = platforms;
let platform: Platform;

const by = () => ({ author: "test", at: Date.now() });
const place = (...names: string[]) => join(folder, ...names);
const global = (text: string): Change => ({ kind: "global", name: "global", text: `workers: 1\n${text}\n` });
const sensor = (source: string): Change => ({
  kind: "sensor",
  name: "files",
  text: `sensor: files\nparser: { jsonMap: {} }\nsource: ${source}\n`,
});
/** A module that leaves a mark when it runs. */
const marking = (mark: string, name: string) =>
  `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(mark)}, "");\n` +
  `export const f = { name: "${name}", params: [], call: () => 1 };\n`;

beforeAll(async () => {
  for (const name of ["functions", "incoming", "tls", "databases", "models"])
    mkdirSync(join(data, name), { recursive: true });
  mkdirSync(place("outside/sub"), { recursive: true });
  mkdirSync(place("allowed"));
  writeFileSync(place("outside/odd.mjs"), marking(place("ran"), "ODD"));
  writeFileSync(place("outside/secret.log"), '{"n":1,"secret":true}\n');
  symlinkSync(place("outside"), join(data, "functions/link"));
  symlinkSync(place("outside"), join(data, "incoming/link"));
  symlinkSync(place("outside/secret.log"), join(data, "incoming/linked.log"));
  writeFileSync(join(data, "incoming/good.log"), '{"n":2}\n');
  writeFileSync(place("allowed/more.log"), '{"n":3}\n');
  platform = await openPlatform({
    data,
    defaults: join(folder, "defaults"),
    sources: true,
    filesFrom: [place("allowed")],
  });
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  platforms[Symbol.dispose]();
}, 60_000);

const OUTSIDE: readonly (readonly [what: string, change: () => Change])[] = [
  ["a module by its whole path", () => global(`functions: [${place("outside/odd.mjs")}]`)],
  ["a module by a path that leads out", () => global("functions: [functions/../../outside/odd.mjs]")],
  ["a module behind a link", () => global("functions: [functions/link/odd.mjs]")],
  ["a package that Metron itself uses", () => global("functions: [yaml]")],
  ["a module of Node", () => global('functions: ["node:fs"]')],
  ["another file of the data folder", () => global("functions: [config/config.mdb]")],
  [
    "a model outside",
    () => ({
      ...sensor("{}"),
      text: "sensor: files\nparser: { jsonMap: {} }\nmodels: [{ name: m, features: { n: n }, onnx: { file: /etc/passwd } }]\n",
    }),
  ],
  ["a file of the system", () => sensor("{ file: { paths: [/etc/passwd] } }")],
  [
    "a file by a path that leads out",
    () => sensor("{ file: { paths: [incoming/../../outside/secret.log] } }"),
  ],
  ["a file behind a link", () => sensor("{ file: { paths: [incoming/link/secret.log] } }")],
  ["a pattern over the system", () => sensor("{ file: { paths: ['/**/*.log'] } }")],
  ["a pattern behind a link", () => sensor("{ file: { paths: ['incoming/link/*.log'], follow: true } }")],
  [
    "a key of the system",
    () => sensor("{ syslog: { port: 0, tls: { cert: /etc/passwd, key: tls/key.pem } } }"),
  ],
  ["a database of the system", () => global("databases: { city: /etc/passwd }")],
];

test.each(OUTSIDE)("%s is refused by a check and by a publish, with what to do", async (_what, change) => {
  await expect(platform.check([change()])).rejects.toThrow(/PATH|below .* only|there is no file/);
  await expect(platform.publish([change()], by())).rejects.toThrow(/below .* only|there is no file/);
  expect(existsSync(place("ran"))).toBe(false);
});

test("files of allowed folders are read, and a link among them that leads out is left out", async () => {
  const paths = `[incoming/good.log, 'incoming/*.log', ${place("allowed")}/more.log]`;
  await platform.publish([sensor(`{ file: { paths: ${paths}, follow: true } }`)], by());
  let read: number[] = [];
  while (read.length < 2) {
    await new Promise((done) => setTimeout(done, 50));
    expect((await platform.status()).problems).toEqual([]);
    read = (await found(platform, "", "files", ["n"])).map(({ n }) => Number(n));
  }
  expect(read.sort()).toEqual([2, 3]);
});

test("a check runs no module and says so; publishing runs it", async () => {
  const mark = place("ran-when-published");
  writeFileSync(join(data, "functions/ours.mjs"), marking(mark, "OURS"));
  const changes: Change[] = [
    global("functions: [functions/ours.mjs]"),
    {
      kind: "sensor",
      name: "web",
      text: 'sensor: web\nparser: { jsonMap: {} }\ntransforms: [ { STELLAR: { one: "OURS()" } } ]\n',
    },
  ];
  const warnings = await platform.check(changes);
  expect(existsSync(mark)).toBe(false);
  expect(warnings.map(({ message }) => message).join("\n")).toMatch(
    /ours\.mjs was not run[\s\S]*OURS, unless functions\/ours\.mjs adds it/,
  );
  await platform.publish(changes, by());
  expect(existsSync(mark)).toBe(true);
  expect(await platform.check(changes)).toEqual([]);
});

test("a host that others reach is refused by a check and a publish", async () => {
  const change = global("server: { host: 0.0.0.0 }");
  await expect(platform.check([change])).rejects.toThrow(
    /server\.host: listening on 0\.0\.0\.0 .* reverse proxy/,
  );
  await expect(platform.publish([change], by())).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});
