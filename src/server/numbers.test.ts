/** Numbers that JSON has no word for are told as ones that it has. */
import { expect, test } from "vitest";
import { LONGEST_LATENCY, listSensors } from "../api/sensors.ts";
import { blockOf } from "../core/block.ts";
import { LATENCY_BOUNDS } from "../pipeline/metrics.ts";
import { openTestServer } from "./testing/platform-server.ts";

test("messages that waited longer than any bound are told with the last one", async () => {
  await using server = await openTestServer();
  const { platform } = server;
  await platform.ready();
  await platform.ingest("web", blockOf(['{"a":1}'], Date.now() - 10 * LONGEST_LATENCY));
  await platform.caughtUp();
  const read = async () => listSensors.response.parse(await server.json("GET", "/sensors")).sensors[0];
  await expect.poll(async () => (await read())?.latency).toBe(LONGEST_LATENCY);
  expect(LATENCY_BOUNDS.at(-1), "the API says what it means").toBe(LONGEST_LATENCY);
});
