import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTestFolder } from "./testing/run-cli.ts";

const WEB = { "metron.yaml": "workers: 1\n", "sensors/web.yaml": "sensor: web\nparser: { jsonMap: {} }\n" };
const NOON = Date.UTC(2026, 10, 21, 12);
const lines = Array.from({ length: 200 }, (_, n) => `{"n":${n},"timestamp":${NOON + n}}\n`).join("");

test("what cannot be read is said beside every answer, and a rebuild brings it back", {
  timeout: 120_000,
}, async () => {
  using folder = openTestFolder();
  await (await folder.up(WEB)).stop();
  expect((await folder.metron(["ingest", "--sensor", "web"], lines)).status).toBe(0);
  const [file = ""] = globSync("index/sensor=web/**/*.parquet", { cwd: folder.data });
  const path = join(folder.data, file);
  writeFileSync(path, readFileSync(path).fill(0xa5, 10, 2000));

  await using platform = await folder.up(WEB);
  const call = async (name: string, body: object) => {
    const headers = { "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    return (await (await fetch(`${platform.url}/api/v1/${name}`, request)).json()) as Record<string, unknown>;
  };
  const questions: [string, object][] = [
    ["search", { query: "n:5" }],
    ["facets", { fields: ["n"] }],
    ["histogram", {}],
    ["groups", { fields: ["source.type"] }],
  ];
  const reason = {
    code: "FILE_UNREADABLE",
    text: expect.stringContaining(
      "200 messages of web from 2026-11-21T12:00:00Z to 2026-11-21T12:00:00.199Z",
    ),
    advice: expect.stringContaining("metron index rebuild"),
    ...{ sensor: "web", file: path, messages: 200, from: NOON, to: NOON + 199 },
  };
  for (const [name, body] of questions) {
    expect((await call(name, body)).partial, name).toEqual({ reasons: [reason] });
    // A question about another time is answered whole.
    expect(await call(name, { ...body, to: NOON }), name).not.toHaveProperty("partial");
  }
  expect(await call("messages/none", {})).toMatchObject({ status: 404 });

  const searched = await folder.metron(["search"]);
  expect(searched.err).toMatch(/^partial: 200 messages of web .*cannot be read: .*\.parquet/m);
  expect(searched.err).toContain("metron index rebuild");
  const { out } = await folder.metron(["search", "--json"]);
  expect(JSON.parse(out.trim().split("\n").at(-1) ?? "")).toMatchObject({
    partial: { reasons: [{ messages: 200 }] },
  });
  const sensors = await folder.metron(["sensors", "--json"]);
  expect(JSON.parse(sensors.out.split("\n")[0] ?? "")).toMatchObject({ stored: 0, unreadable: 200 });
  expect(sensors.err).toContain("partial: 200 messages of web");

  expect(await folder.metron(["index", "rebuild", "--sensor", "nobody"])).toMatchObject({
    status: 1,
    err: expect.stringContaining("there is no such sensor"),
  });
  expect(await folder.metron(["index", "rebuild"])).toMatchObject({
    status: 0,
    out: "200 messages made again\n",
  });
  const status = await folder.metron(["index", "status", "--json"]);
  expect(JSON.parse(status.out)).toMatchObject({ state: "finished", written: 200, lost: [] });
  for (const [name, body] of questions) expect(await call(name, body), name).not.toHaveProperty("partial");
  expect((await folder.metron(["search", "--limit", "1"])).err).toBe("1 of 200 messages\n");
});
