import { createServer } from "node:net";
import { test as base, expect, type Page } from "@playwright/test";
import { talk } from "../src/pcap/testing/talk.ts";
import { captureOf } from "./capture-of.ts";
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

test.setTimeout(240_000);
const patient = expect.configure({ timeout: 60_000 });

/** A conversation with port 80 of which every byte is known. */
const capture = () =>
  captureOf(
    talk({ hosts: ["10.8.8.1", "10.8.8.2"], startMicros: Date.now() * 1000 })
      .open()
      .say(0, "GET /plans HTTP/1.1\r\n\r\n")
      .close(),
  );

/** Lets a file fall onto the page, as a person does who drags it from elsewhere. */
async function drop(page: Page, name: string, bytes: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([fileName, text]) => {
      const carried = new DataTransfer();
      carried.items.add(
        new File([Uint8Array.from(atob(text), (character) => character.charCodeAt(0))], fileName),
      );
      return carried;
    },
    [name, bytes.toString("base64")] as const,
  );
  const target = page.getByRole("main").locator("> *").first();
  await target.dispatchEvent("dragover", { dataTransfer: transfer });
  await target.dispatchEvent("drop", { dataTransfer: transfer });
}

test("captures for a server that is gone are kept with the reason, and sent again by a click", async ({
  page,
  context,
  platform,
}) => {
  await platform.upload("before.pcapng", await capture());
  await page.goto("/captures");
  const before = page.getByRole("row", { name: /before\.pcapng.*finished/ });
  await patient(before).toBeVisible();
  const sensors = await context.newPage();
  await sensors.goto("/sensors");
  await patient(sensors.getByRole("row", { name: /^bro/ })).toContainText(/running|idle/);
  const investigate = await context.newPage();
  await investigate.goto("/");
  await patient(investigate.getByRole("heading", { name: /^No / })).toBeVisible();

  await platform.kill();
  await page
    .getByLabel("Capture files")
    .setInputFiles({ name: "late.pcapng", mimeType: "", buffer: await capture() });
  const late = page.getByRole("alert").filter({ hasText: "late.pcapng" });
  await patient(late).toContainText("was not taken: ");
  await before.getByRole("button", { name: "Remove from the list" }).click();
  await patient(before.getByRole("alert")).toContainText("Not removed: ");
  await drop(investigate, "dropped.pcapng", await capture());
  await patient(investigate.getByRole("alert").filter({ hasText: "dropped.pcapng" })).toBeVisible();
  await patient(sensors.getByRole("table")).toContainText("Nothing later is known");
  await expect(sensors.getByRole("row", { name: /^bro/ })).toContainText(/was (running|idle)/);

  await platform.restart();
  await late.getByRole("button", { name: "Try again" }).click();
  await patient(page.getByRole("row", { name: /late\.pcapng.*finished/ })).toBeVisible();
  await expect(late).toBeHidden();
  await before.getByRole("button", { name: "Remove from the list" }).click();
  await patient(before).toBeHidden();
});

test("a capture is taken wherever it is dropped, and its page says what a filter left out", async ({
  page,
  platform,
}) => {
  await page.goto("/sensors");
  await patient(page.getByRole("row", { name: /^bro/ })).toBeVisible();
  await drop(page, "elsewhere.pcapng", await capture());
  await page.getByRole("region", { name: "Uploads" }).getByRole("link", { name: "see Captures" }).click();
  await patient(page.getByRole("row", { name: /elsewhere\.pcapng.*finished/ })).toBeVisible();
  await expect(page.getByRole("region", { name: "Uploads" })).toBeHidden();

  const long = `${"long".repeat(60)}.pcapng`;
  const address = new URL(`${platform.url}/api/v1/captures`);
  address.search = new URLSearchParams({
    ...{ name: long, filter: "tcp dst port 80", snapLength: "60" },
  }).toString();
  const answer = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: await capture(),
  });
  const { filtered, packets }: { filtered: number; packets: number } = await answer.json();
  const row = page.getByRole("row", { name: new RegExp(long) });
  await patient(row).toContainText(`The filter left out ${filtered} of ${packets} packets`);
  await expect(row).toContainText("Snap length and cutoff left out");
  await expect(row.getByRole("button", { name: "Remove from the list" })).toBeInViewport({ ratio: 1 });
});

test("an empty page says which sources fail", async ({ browser }) => {
  const held = await Promise.all([5514, 5515].map(hold));
  const platform = await startPlatform({ demo: false });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${platform.url}/?view=messages`);
    await patient(page.getByRole("heading", { name: "No telemetry yet" })).toBeVisible();
    const failing = page.getByRole("alert", { name: "Sources that fail" });
    await patient(failing).toContainText("5514: the port is in use");
    await expect(page.getByText("No sensor listens on a port at the moment.")).toBeVisible();
    await page.close();
  } finally {
    await platform.close();
    for (const server of held) server?.close();
  }
});

/** Takes a port that a sensor wants to listen on, unless another program has it. */
async function hold(port: number) {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer().once("error", () => resolve(false));
  server.listen(port, "127.0.0.1", () => resolve(true));
  return (await promise) ? server : undefined;
}
