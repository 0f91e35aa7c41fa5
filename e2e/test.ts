import { test as base, expect } from "@playwright/test";
import { isCluster } from "./cluster.ts";
import { InvestigatePage } from "./investigate-page.ts";
import { type Platform, startPlatform } from "./platform.ts";

type Fixtures = { readonly investigate: InvestigatePage };
type WorkerFixtures = { readonly platform: Platform };

/**
 * A test against the one running platform with the scenario in it. It fails when the page logs an error, breaks its
 * security policy, or asks anything outside for anything.
 */
export const test = base.extend<Fixtures, WorkerFixtures>({
  platform: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures needed from this pattern
    async ({}, use) => {
      const platform = await startPlatform({ demo: true });
      try {
        await platform.played();
        await use(platform);
      } finally {
        await platform.close();
      }
    },
    { scope: "worker", timeout: isCluster ? 900_000 : 240_000 },
  ],
  baseURL: async ({ platform }, use) => use(platform.url),
  page: async ({ page, platform }, use) => {
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(`uncaught: ${error.message}`));
    page.on("console", (message) => {
      // The browser itself reports every answer of 400 and more; tests of failures expect these.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        wrong.push(`console: ${message.text()}`);
      }
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(platform.url) && !request.url().startsWith("data:")) {
        wrong.push(`outside call: ${request.url()}`);
      }
    });
    await use(page);
    expect(wrong).toEqual([]);
  },
  investigate: async ({ page }, use) => use(new InvestigatePage(page)),
});

/** For what waits until packets are found and put together, on a machine that may have other work. */
const patient = expect.configure({ timeout: 60_000 });

export { expect, patient };
