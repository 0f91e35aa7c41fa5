import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "../query/parse.ts";
import { DuckdbReader } from "../storage/index/testing/foreign-readers.ts";
import type { Platform } from "./platform.ts";
import { found, send, testPlatforms } from "./testing/test-platform.ts";

/** Fields that only a package declares are stored and searched by their meaning, as the schema's own are. */

const FIELDS = [
  { name: "floor", meaning: "port", about: "The floor." },
  { name: "opened", meaning: "instant", about: "When the door was opened." },
  { name: "reader_addr", meaning: "address", about: "The address of the reader." },
];
// The resolve hook of Vitest knows no `metron`; src/cli/extensions.test.ts has a package that imports it.
const PACKAGE = `
import { z } from "${import.meta.resolve("zod")}";
export const doors = {
  parsers: [{
    name: "door",
    summary: "Reads nothing yet.",
    config: z.strictObject({}),
    fields: ${JSON.stringify(FIELDS)},
    open: () => ({ timeless: "arrival", parseRecord: () => ({}) }),
  }],
};
`;
const WITHOUT = "workers: 1\nseal: { seconds: 60 }\n";
const WITH = `${WITHOUT}extensions: [extensions/doors]\n`;
const NOON = Date.UTC(2026, 10, 21, 12);

/** Door number `n` as a sender writes it: all values are texts. */
const door = (n: number) =>
  JSON.stringify({
    n,
    floor: n === 3 ? "0007" : String(n + 4),
    opened: String(NOON + n),
    reader_addr: addressOf(n),
  });
const addressOf = (n: number) => (n % 2 === 0 ? "2001:DB8::1" : "2001:0db8:0:0:0:0:0:1");

async function publish(platform: Platform, text: string): Promise<void> {
  await platform.publish([{ kind: "global", name: "global", text }], { author: "test", at: Date.now() });
}

async function seal(platform: Platform, from: number): Promise<void> {
  await send(platform, [door(from), door(from + 1)]);
  await platform.caughtUp();
  await platform.seal();
}

async function asked({ index }: Platform, text: string): Promise<number[]> {
  const { messages } = await index.search({ query: parse(text), sensors: ["web"] });
  return messages.map(({ n }) => Number(n)).sort((one, other) => one - other);
}

/** The types that the columns of a field have in the files, by DuckDB's own reader. */
async function typesOf(data: string, field: string): Promise<unknown[]> {
  using reader = await DuckdbReader.open();
  const files = globSync("index/sensor=web/**/[!_]*.parquet", { cwd: data }).map((file) => join(data, file));
  const types = new Set<unknown>();
  for (const file of files.sort())
    for (const [name, type] of await reader.rows(`DESCRIBE SELECT * FROM '${file}'`))
      if (name === field) types.add(type);
  return [...types].sort();
}

test("messages of before, with and after a package answer alike, and files get its types and lose them when they are merged", async () => {
  using platforms = testPlatforms({ global: WITHOUT });
  const folder = join(platforms.data, "extensions", "doors");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"name":"doors","type":"module","main":"doors.ts"}');
  writeFileSync(join(folder, "doors.ts"), PACKAGE);
  const { data } = platforms;
  await using platform = await platforms.open();
  await seal(platform, 0);
  expect(await typesOf(data, "opened")).toEqual(["VARCHAR"]);

  await publish(platform, WITH);
  await seal(platform, 2);
  const answers = async () => ({
    instants: await asked(platform, "opened:[2026-11-21T12:00:00.001Z TO 2026-11-21T12:00:00.002Z]"),
    floor: await asked(platform, "floor:7"),
    floors: await asked(platform, "floor:>=6"),
    address: await asked(platform, "reader_addr:2001:db8::1"),
    network: await asked(platform, "reader_addr:2001:db8::/32"),
    types: Object.fromEntries(
      (await platform.index.fields()).flatMap(({ name, type }) =>
        FIELDS.some((field) => field.name === name) ? [[name, type]] : [],
      ),
    ),
  });
  const declared = {
    ...{ instants: [1, 2], floor: [3], floors: [2, 3], address: [0, 1, 2, 3], network: [0, 1, 2, 3] },
    types: { floor: "long", opened: "long", reader_addr: "text" },
  };
  expect(await answers()).toEqual(declared);
  expect(await typesOf(data, "opened")).toEqual(["TIMESTAMP WITH TIME ZONE", "VARCHAR"]);
  await platform.index.compact();
  expect(await typesOf(data, "opened")).toEqual(["TIMESTAMP WITH TIME ZONE"]);
  expect(await typesOf(data, "floor")).toEqual(["INTEGER"]);
  expect(await answers()).toEqual(declared);
  const sent = Object.fromEntries([0, 1, 2, 3].map((n) => [n, JSON.parse(door(n))]));
  for (const message of await found(platform)) expect(message).toMatchObject(sent[Number(message.n)]);

  // Without the package nothing is lost, and no type of its own stays.
  await publish(platform, WITHOUT);
  await seal(platform, 4);
  await platform.index.compact();
  expect(await typesOf(data, "opened")).toEqual(["VARCHAR"]);
  expect(await asked(platform, "reader_addr:2001:db8::1")).toEqual([0, 1, 2, 3, 4, 5]);
  expect(await found(platform)).toEqual(
    expect.arrayContaining([0, 1, 2, 3].map((n) => expect.objectContaining(sent[n]))),
  );
});
