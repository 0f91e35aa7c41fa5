import { writeFile } from "node:fs/promises";
import { captureFile } from "../src/scenario/packets/capture-file.ts";
import { DEFAULTS } from "../src/scenario/scenario.ts";
import { expect, test } from "./test.ts";

/** A beacon of the story that begins at the scenario's own start, as Zeek's log tells of it. */
const BEACON = {
  _path: "http",
  ts: DEFAULTS.start / 1000 + 16_121.445,
  "id.orig_h": "10.10.1.50",
  "id.orig_p": 42_111,
  "id.resp_h": "91.219.236.166",
  "id.resp_p": 80,
};

test("a capture that is added shows with its packets, and a message leads to what was said", async ({
  investigate,
  page,
  platform,
}, testInfo) => {
  const uid = `Cpackets${Date.now()}`;
  await platform.ingest("bro", { ...BEACON, uid });
  await page.goto("/captures");
  const story = testInfo.outputPath("story.pcapng");
  await writeFile(story, captureFile(DEFAULTS));
  await page.getByLabel("Capture files").setInputFiles(story);
  await expect(page.getByRole("row", { name: /story\.pcapng.*finished/ })).toBeVisible({ timeout: 60_000 });

  await investigate.open(`?view=messages&q=uid:${uid}`);
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.keyboard.press("p");
  const said = page.getByRole("document", { name: "What was said" });
  await expect(said).toContainText("POST /v2/sync HTTP/1.1");

  await page.keyboard.press("f");
  await page.keyboard.type("content-length");
  await expect(page.getByText("2 found")).toBeVisible();
  await page.keyboard.press("Enter");
  await expect.poll(() => investigate.address("bytes")).toBe("client.144-157");
  await page.reload();
  await expect(page.getByRole("status", { name: "Selected bytes" })).toHaveText(/^Client, 14 bytes from 144/);

  await page.keyboard.press("2");
  await page
    .getByRole("grid", { name: "Packets" })
    .getByRole("row", { name: /HTTP.*POST/ })
    .click();
  await page.getByRole("treeitem", { name: /^Source \d+\.\d+/ }).click();
  await expect.poll(() => investigate.address("bytes")).toBe("26-29");
});
