import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";
import { isCluster } from "./e2e/cluster.ts";

/** The browser: METRON_CHROMIUM, or what Debian and others install. Nothing is downloaded. */
const chromium = [
  process.env.METRON_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && existsSync(path));

if (chromium === undefined) {
  const advice = "no Chromium found; install it (Debian: apt-get install chromium) or set METRON_CHROMIUM";
  if (process.env.CI === "true") throw new Error(`Browser tests: ${advice}`);
  console.log(`browser tests: left out, ${advice}`);
  process.exit(0);
}

/** What storage makes no difference to is looked at once, with files. */
const OF_FILES_ALONE = [
  "accessibility",
  "keyboard",
  "packets-hostile",
  "packets-views",
  "stellar-fuzz",
  "weight",
  "widths",
];

export default defineConfig({
  testDir: "e2e",
  outputDir: isCluster ? "build/e2e-cluster" : "build/e2e",
  ...(isCluster
    ? { globalSetup: "./e2e/cluster.ts", testIgnore: OF_FILES_ALONE.map((name) => `${name}.spec.ts`) }
    : {}),
  // One platform serves all tests, and the machine has work enough with it.
  workers: 1,
  retries: process.env.CI === "true" ? 1 : 0,
  fullyParallel: false,
  forbidOnly: process.env.CI === "true",
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: process.env.CI === "true" ? "list" : "dot",
  use: {
    viewport: { width: 1440, height: 900 },
    colorScheme: "dark",
    screenshot: "only-on-failure",
    launchOptions: { executablePath: chromium, args: ["--no-sandbox"] },
  },
});
