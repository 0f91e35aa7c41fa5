import { mkdirSync } from "node:fs";
import { test as base, expect, type Page } from "@playwright/test";
import { startKafka } from "../scripts/cluster/kafka.ts";
import { missingForOpenSearch, startOpenSearch } from "../scripts/cluster/opensearch.ts";
import { type Installation, type Process, testInstallation } from "../src/platform/testing/installation.ts";
import { beyondTheWindow, WIDTHS } from "./sideways.ts";

const missing = missingForOpenSearch();
if (missing !== undefined && process.env.CI !== "true")
  console.log(`browser tests of several processes: left out, ${missing}`);

type Running = { readonly installation: Installation; readonly server: Process; readonly worker: Process };

/** A server and a worker that has sensors to read, over a Kafka and an OpenSearch of their own. */
const test = base.extend<{ running: Running }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures needed from this pattern
  running: async ({}, use) => {
    await using kafka = await startKafka();
    await using openSearch = await startOpenSearch();
    await using installation = testInstallation(kafka.brokers, openSearch.url, {
      web: "sensor: web\nparser: { jsonMap: {} }\npartitions: 3\n",
    });
    const server = await installation.start("server", "server");
    const worker = await installation.start("worker", "one");
    await use({ installation, server, worker });
  },
  baseURL: async ({ running }, use) => use(running.server.url),
});
test.skip(missing !== undefined && process.env.CI !== "true");
test.setTimeout(600_000);

/** Whatever a loaded machine does meanwhile, processes report every few seconds. */
const SOON = { timeout: 120_000 };

test("the page tells of every process: what it reads since when, how far behind it is, and that it is silent", async ({
  page,
  running: { worker },
}) => {
  await page.goto("/sensors");
  const table = page.getByRole("table", { name: "Processes" });
  const row = (name: string) => table.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });
  await expect(row("/server")).toContainText("server, this one");
  await expect(row("/server")).toContainText("no topic: it is the door");
  const partitions = row("/one").getByRole("button", { name: /partitions of/ });
  await expect(partitions).toHaveText(/^\d partitions$/, SOON);
  await expect(row("/one")).toContainText("ready");

  // By keys, and the address keeps it for whoever is sent the link.
  await partitions.focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/process=/);
  const reads = page.getByRole("table", { name: /^Partitions that .*\/one reads$/ });
  await expect(reads.getByRole("row").filter({ hasText: "web" })).toHaveCount(3, SOON);
  await page.reload();
  await expect(reads).toBeVisible(SOON);
  await look(page, "dark");
  await page.getByRole("button", { name: "Use light colours" }).click();
  await look(page, "light");
  await partitions.click();
  await expect(reads).toBeHidden();
  await expect(page).not.toHaveURL(/process=/);

  await worker.stop("SIGKILL");
  await expect(row("/one")).toContainText("silent, last heard", SOON);
  await expect(page.getByRole("list", { name: "Problems" })).toContainText("no process reads topics", SOON);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    expect(await beyondTheWindow(page), `at ${width} px`).toEqual([]);
  }
  await look(page, "silent");
});

test("a page whose server is gone keeps what was known of processes, and says so", async ({
  page,
  running: { server },
}) => {
  await page.goto("/sensors");
  const table = page.getByRole("table", { name: "Processes" });
  await expect(table.getByRole("row")).toHaveCount(3, SOON);
  await server.stop("SIGKILL");
  await expect(page.getByRole("region", { name: "Processes" }).getByRole("alert")).toContainText(
    "does not answer",
    SOON,
  );
  await expect(table.getByRole("row")).toHaveCount(3);
  await expect(table.getByText("was ready")).not.toHaveCount(0);
  await expect(table.getByText("ready", { exact: true })).toHaveCount(0);
});

async function look(page: Page, name: string): Promise<void> {
  mkdirSync("build/e2e-processes", { recursive: true });
  await page.screenshot({ path: `build/e2e-processes/${name}.png`, fullPage: true });
}
