import { truncateSync } from "node:fs";
import { test as base, expect } from "@playwright/test";
import { isCluster } from "./cluster.ts";
import { InvestigatePage } from "./investigate-page.ts";
import { type Platform, startPlatform } from "./platform.ts";

const test = base.extend<{ platform: Platform }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures needed from this pattern
  platform: async ({}, use) => {
    const platform = await startPlatform({ demo: false });
    await use(platform);
    await platform.close();
  },
  baseURL: async ({ platform }, use) => use(platform.url),
});

test.setTimeout(150_000);
test.skip(isCluster, "OpenSearch mends its own files; what it lacks is told by other tests");

const record = (query: string) => ({
  _path: "dns",
  ts: Date.now() / 1000,
  uid: "CPart1",
  "id.orig_h": "10.1.1.20",
  "id.orig_p": 50_123,
  "id.resp_h": "10.1.1.53",
  "id.resp_p": 53,
  query,
});

test("an answer that lacks a file says so, and what the query probably did not mean", async ({
  page,
  platform,
}) => {
  const investigate = new InvestigatePage(page);
  await platform.ingest("bro", record("e4.akadns.net"));
  await platform.ingest("squid", {});
  await platform.stop();
  for (const file of platform.files("sensor=error/**/*.parquet")) truncateSync(file, 100);
  await platform.restart();

  await page.goto("/?view=messages&q=query:akadns");
  const about = page.getByRole("status", { name: "About the query" });
  await about.getByRole("button", { name: "query:*akadns*" }).click();
  await expect(investigate.rows()).toHaveCount(1);
  await expect(about).toHaveCount(0);

  await page.goto("/?view=rejected");
  const missing = page.getByRole("alert", { name: "What is missing" });
  await expect(missing).toContainText("1 message");
  await expect(missing).toContainText("metron index rebuild");
  await page.getByRole("link", { name: "Sensors" }).click();
  await expect(page.getByRole("list", { name: "Problems" })).toContainText("cannot be read");
});
