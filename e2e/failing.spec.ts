import { test as base, expect } from "@playwright/test";
import { InvestigatePage } from "./investigate-page.ts";
import { type Platform, startPlatform } from "./platform.ts";

/** A platform that may be killed, and begins empty. */
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

const record = {
  _path: "http",
  ts: Date.now() / 1000,
  uid: "CFail1",
  "id.orig_h": "10.1.1.20",
  "id.orig_p": 50_123,
  "id.resp_h": "93.184.216.34",
  "id.resp_p": 80,
  host: "www.example.com",
};

test("an empty platform says how to fill it, and a dead one that it is dead", async ({ page, platform }) => {
  const investigate = new InvestigatePage(page);
  await page.goto("/?view=messages");
  await expect(page.getByRole("heading", { name: "No telemetry yet" })).toBeVisible();
  await expect(page.getByText("metron ingest --sensor bro")).toBeVisible();
  const { listening } = await (await fetch(`${platform.url}/api/v1/status`)).json();
  for (const line of listening) await expect(page.getByText(line.split(" ")[1])).toBeVisible();

  await platform.ingest("bro", record);
  await expect(investigate.rows()).toHaveCount(1);

  await platform.kill();
  await expect(page.getByRole("alert").filter({ hasText: "The server does not answer." })).toBeVisible();
  await expect(investigate.rows()).toHaveCount(1);
  await investigate.run("protocol:http");
  await expect(page.getByRole("heading", { name: "The server does not answer" })).toBeVisible();

  await platform.restart();
  await expect(page.getByRole("heading", { name: "The server does not answer" })).toBeHidden({
    timeout: 30_000,
  });
  await expect(investigate.rows()).toHaveCount(1);

  await platform.kill();
  await page.getByRole("link", { name: "Configuration" }).click();
  await expect(
    page.getByRole("heading", { name: "This part of the page could not be loaded" }),
  ).toBeVisible();
  await platform.restart();
  await page.getByRole("button", { name: "Reload" }).click();
  await expect(page.getByRole("textbox", { name: /^YAML of/ })).toBeVisible();
});
