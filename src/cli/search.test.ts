import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestFolder, type Running } from "./testing/run-cli.ts";

/** What the command line says of a search beside its messages. */
const folder = openTestFolder();
const { metron } = folder;
let platform: Running;

beforeAll(async () => {
  platform = await folder.up({
    "metron.yaml": "workers: 1\n",
    "sensors/named.yaml": "sensor: named\nparser: { jsonMap: {} }\n",
  });
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
}, 60_000);

test("names that a search does not know are told", async () => {
  await metron(["ingest", "--sensor", "named"], '{"colour":"red"}\n');
  const unknown = await metron(["search", "--sensor", "named", "nobody"]);
  expect(unknown).toMatchObject({ status: 1, out: "" });
  expect(unknown.err).toContain(
    "searching sensor `nobody`: there is no such sensor; there are: error, named",
  );
  const args = ["search", "--sensor", "named", "--fields", "color, colour,source:type"];
  const { status, out, err } = await metron([...args, "--json"]);
  expect({ status, err }).toEqual({
    status: 0,
    err: "hint: None of these messages has a field color; the nearest one is colour.\n",
  });
  expect(JSON.parse(out)).toMatchObject({ colour: "red", "source.type": "named" });
  expect((await metron(args)).out).toMatch(/^COLOR +COLOUR +SOURCE\.TYPE\n- +red +named\n$/);
  const rejected = await metron(["search", "source.type:error"]);
  expect(rejected).toMatchObject({ status: 0, err: expect.stringContaining("`--sensor error`") });
});

test.each([
  [["--fields", " ,"], "expected names of fields, separated by commas"],
  [["--last", "1h", "--from", "2026-01-01"], "cannot be used with option '--from"],
  [["--from", "2026-02-01", "--to", "2026-01-01"], "the end (--to) is not after the beginning"],
])("a search that cannot answer what it says is refused: %j", async (args, reason) => {
  const { status, out, err } = await metron(["search", ...args]);
  expect({ status, out, err }).toEqual({ status: 2, out: "", err: expect.stringContaining(reason) });
});

test("a document is withdrawn by the word the platform uses", async () => {
  const other = folder.file("other.yaml", "sensor: other\nparser: { jsonMap: {} }\n");
  await metron(["config", "publish", other]);
  expect(await metron(["config", "withdraw", "sensor/other"])).toMatchObject({
    status: 0,
    out: "sensor/other: withdrawn\n",
  });
});
