import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { found, send, testPlatforms } from "./testing/test-platform.ts";

const by = () => ({ author: "test", at: Date.now() });
const GLOBAL = "workers: 1\nfunctions: [functions/ours.stellar, functions/ours.ts]\n";
const SENSOR = `sensor: web
parser: { jsonMap: {} }
transforms: [ { STELLAR: { twice: "TWICE(n)", shout: "SHOUT(word)" } } ]
`;
const module = (ending: string) => `
export const shout = {
  name: "SHOUT",
  summary: "Says it loud.",
  params: [{ name: "text", type: "string", about: "What to say." }],
  returns: "string",
  call: (text: string | null): string | null => (text === null ? null : text.toUpperCase() + "${ending}"),
};
`;

test("functions in Stellar and TypeScript take effect, are replaced without a restart, and a faulty one is refused", async () => {
  using platforms = testPlatforms({ global: "workers: 2\n" });
  await using platform = await platforms.open();
  mkdirSync(join(platforms.data, "functions"));
  const file = (name: string, text: string) => writeFileSync(join(platforms.data, "functions", name), text);
  const results = async (n: number) => {
    await send(platform, [`{"n":${n},"word":"hey"}`]);
    await platform.caughtUp();
    const [message] = await found(platform, `n:${n}`);
    return [message?.twice, message?.shout];
  };
  const global = (text: string) => platform.publish([{ kind: "global", name: "global", text }], by());

  await expect(global(GLOBAL)).rejects.toThrow(/there is no file .*ours\.stellar/);
  file("ours.stellar", "TWICE := (x) -> x * 2\n");
  file("ours.ts", module("!"));
  await expect(platform.publish([{ kind: "sensor", name: "web", text: SENSOR }], by())).rejects.toThrow(
    /TWICE/,
  );
  await platform.publish(
    [
      { kind: "global", name: "global", text: GLOBAL },
      { kind: "sensor", name: "web", text: SENSOR },
    ],
    by(),
  );
  expect(await results(1)).toEqual([2, "HEY!"]);

  file("ours.stellar", "TWICE := (x) -> x * 2 + 1\n");
  file("ours.ts", module("?"));
  await global(GLOBAL);
  expect(await results(2)).toEqual([5, "HEY?"]);

  file("ours.stellar", "TWICE := (x) -> NOPE(x)\n");
  await expect(global(GLOBAL)).rejects.toThrow(
    /^global:2:13: functions\.0: functions\/ours\.stellar:1:1: TWICE: there is no function NOPE/,
  );
  file("ours.stellar", "TWICE := (x) -> x * 2 + 1\n");
  file("ours.ts", "export const shout = {");
  await expect(global(GLOBAL)).rejects.toThrow(
    /^global:2:37: functions\.1: functions\/ours\.ts:1:1: importing it: /,
  );
  file("ours.ts", "export const shout = { name: 'SHOUT' };");
  await expect(global(GLOBAL)).rejects.toThrow(/each with `name`, `params` and `call`/);
  expect(await results(3)).toEqual([7, "HEY?"]);
  // A function that sensors call cannot be taken away from them.
  await expect(global("workers: 1\n")).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

test("functions that are published alone are in force for sensors that were not published with them", async () => {
  // One partition, so that the second message meets the stages of the first.
  using platforms = testPlatforms({ global: "workers: 1\n" });
  await using platform = await platforms.open();
  const functions = (text: string) => ({ kind: "functions" as const, name: "ours", text });
  const text = 'sensor: web\nparser: { jsonMap: {} }\ntransforms: [ { STELLAR: { twice: "TWICE(n)" } } ]\n';
  await platform.publish([functions("TWICE := (x) -> x * 2\n"), { kind: "sensor", name: "web", text }], by());
  const twice = async (n: number) => {
    await send(platform, [`{"n":${n}}`]);
    await platform.caughtUp();
    return (await found(platform, `n:${n}`)).map((message) => message.twice);
  };
  expect(await twice(1)).toEqual([2]);
  await platform.publish([functions("TWICE := (x) -> x * 2 + 1\n")], by());
  expect(await twice(2)).toEqual([5]);
});

test("a function file that is gone at the start stops the sensors that need it, and no others", async () => {
  using platforms = testPlatforms({
    sensors: {
      web: "sensor: web\nparser: { jsonMap: {} }\n",
      plain: "sensor: plain\nparser: { jsonMap: {} }\n",
    },
  });
  {
    await using platform = await platforms.open();
    mkdirSync(join(platforms.data, "functions"));
    writeFileSync(join(platforms.data, "functions", "ours.stellar"), "TWICE := (x) -> x * 2\n");
    await platform.publish(
      [
        { kind: "global", name: "global", text: "workers: 1\nfunctions: [functions/ours.stellar]\n" },
        {
          kind: "sensor",
          name: "web",
          text: "sensor: web\nparser: { jsonMap: {} }\ntransforms: [ { STELLAR: { twice: TWICE(n) } } ]\n",
        },
      ],
      by(),
    );
    writeFileSync(join(platforms.data, "functions", "ours.stellar"), "nonsense\n");
  }
  await using platform = await platforms.open();
  await send(platform, ['{"n":1}'], "plain");
  await platform.caughtUp();
  expect(await found(platform, "n:1", "plain")).toHaveLength(1);
  expect((await platform.status()).problems).toMatchObject([
    { code: "CONFIG_INVALID", detail: expect.stringContaining("ours.stellar:1:1") },
  ]);
});

test("a check runs no extension, so that what it may add is doubtful and not wrong", async () => {
  using platforms = testPlatforms({ global: "workers: 1\n" });
  await using platform = await platforms.open();
  cpSync(
    join(import.meta.dirname, "testing", "sample-extension"),
    join(platforms.data, "extensions", "sample"),
    { recursive: true },
  );
  const sensor = "sensor: web\nparser: { badge: {} }\nenrichments: { owner: [badge], geo: [badge] }\n";
  const changes = (more: string) => [
    { kind: "global", name: "global", text: "workers: 1\nextensions: [extensions/sample]\n" } as const,
    { kind: "sensor", name: "web", text: sensor + more } as const,
  ];
  const unless = ", unless extensions/sample adds it: a check runs no module";
  expect(await platform.check(changes(""))).toMatchObject([
    { path: "extensions", message: expect.stringContaining("extensions/sample was not run") },
    { path: "parser.badge", message: expect.stringMatching(`^there is no parser \`badge\`; .*${unless}$`) },
    { path: "enrichments.owner", message: expect.stringContaining(unless) },
  ]);
  await expect(platform.check(changes("filter: { STELLAR: {} }\n"))).rejects.toThrow(
    "filter.STELLAR.query: ",
  );
});
