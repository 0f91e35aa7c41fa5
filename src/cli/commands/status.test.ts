import { expect, test } from "vitest";
import { openTestFolder } from "../testing/run-cli.ts";

test("the status says where a platform is up, since when, and how its sensors are", async () => {
  using folder = openTestFolder();
  expect(await folder.metron(["status"])).toMatchObject({
    status: 1,
    out: "",
    err: expect.stringMatching(
      /no platform runs there.*\nStart the platform with `metron up`\. \(SERVER_UNREACHABLE\)\n$/,
    ),
  });
  const before = Date.now();
  await using running = await folder.up({
    "metron.yaml": "workers: 1\n",
    "sensors/web.yaml": "sensor: web\nparser: { jsonMap: {} }\n",
  });
  await folder.metron(["ingest", "--sensor", "web"], '{"n":1}\nnonsense\n');
  const { status, out, err } = await folder.metron(["status"]);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).toContain(`is up: ${running.url}\nhealth    ok\n`);
  expect(out).toContain(`\ndata      ${folder.data}\n`);
  expect(out).toMatch(/\ndisk {6}[\d.]+ .?B of [\d.]+ .?B free\n/);
  expect(out).toMatch(/\nweb +\w+ +[\d.]+ +0 +1 +1 +0 +20\d\d-\S+\n/);
  const told = JSON.parse((await folder.metron(["status", "--json"])).out);
  expect(told).toMatchObject({
    url: running.url,
    data: folder.data,
    health: "ok",
    stored: expect.any(Number),
    disk: { size: expect.any(Number), free: expect.any(Number) },
    sensors: [{ name: "web", indexed: 1, rejected: 1 }],
  });
  expect(told.startedAt).toBeGreaterThanOrEqual(before);
}, 60_000);
