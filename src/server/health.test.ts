import { expect, test } from "vitest";
import { openTestServer } from "./testing/platform-server.ts";

const PATIENTLY = { timeout: 30_000 };
const answer = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, body: await response.json() };
};

test("a platform is ready when its documents are in force, and says what keeps it from that", async () => {
  await using server = await openTestServer({ global: "workers: 1\nfunctions: [lost.mjs]\n" });
  const { platform, url } = server;
  await platform.ready();
  expect(await answer(`${url}/health/live`)).toEqual({ status: 200, body: { live: true } });
  expect(await answer(`${url}/health/ready`)).toMatchObject({
    status: 503,
    body: {
      ready: false,
      reasons: [{ code: "CONFIG_INVALID", detail: expect.stringContaining("lost.mjs") }],
    },
  });
  expect(await platform.metricsText()).toContain("metron_ready 0\n");

  await platform.publish([{ kind: "global", name: "global", text: "workers: 1\n" }], { author: "me", at: 1 });
  expect(await answer(`${url}/health/ready`)).toEqual({ status: 200, body: { ready: true, reasons: [] } });
  expect(await platform.metricsText()).toContain("metron_ready 1\n");
});

test("metrics tell how far each partition is, who reads it, and what the status lists as wrong", async () => {
  await using server = await openTestServer({ global: "workers: 2\n" });
  const { platform, url } = server;
  await server.send("POST", "/ingest/web", { text: '{"n":1}\n{"n":2}\n' });
  await platform.caughtUp();
  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  await expect
    .poll(metrics, PATIENTLY)
    .toMatch(/partition_owner_since\S*\{sensor="web",partition="1",worker="1"\} 1/);
  const text = await metrics();
  expect(text).toContain('metron_partition_end_offset{sensor="web",partition="0"} 2\n');
  expect(text).toContain('metron_partition_lag_records{sensor="web",partition="0"} 0\n');
  expect(text).toContain('metron_lag_records{sensor="web"} 0\n');
  expect(text).toMatch(/^metron_disk_free_bytes [1-9]\d+$/m);
  expect(text).toContain("metron_worker_restarts_total 0\n");
  const since = /owner_since\S*\{sensor="web",partition="1",\S*\} .*$/m;
  expect(since.exec(await metrics())?.[0]).toBe(since.exec(text)?.[0]);

  // The successor of a worker that died reads its partitions on, and is counted as started again.
  await platform.endWorker(0);
  await expect.poll(metrics, PATIENTLY).toContain("metron_worker_restarts_total 1\n");
  await expect
    .poll(metrics, PATIENTLY)
    .toMatch(/partition_owner_since\S*\{sensor="web",partition="0",worker="0"\} 1/);
});
