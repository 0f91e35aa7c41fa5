import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { talk } from "../src/pcap/testing/talk.ts";
import { captureOf } from "./capture-of.ts";
import { expect, test } from "./test.ts";

test.setTimeout(180_000);

/** Bytes of each segment of a capture that takes a while: it costs by the packet. */
const SMALL = 10;

/** Lets files fall onto the page, as a person does who drags them from elsewhere. Made in the page: so much would not fit into a message. */
async function drop(page: Page, name: string, base64: string, repeats = 1): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([fileName, text, times]) => {
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      const carried = new DataTransfer();
      carried.items.add(
        new File(
          Array.from({ length: times }, () => bytes),
          fileName,
        ),
      );
      return carried;
    },
    [name, base64, repeats] as const,
  );
  const target = page.getByRole("main").locator("> *").first();
  await target.dispatchEvent("dragover", { dataTransfer: transfer });
  await target.dispatchEvent("drop", { dataTransfer: transfer });
}

test("a capture that is dropped on the page of an investigation goes on through a reload, and its flows appear", async ({
  investigate,
  page,
}) => {
  const host = `dropped${Date.now()}.example`;
  const told = talk({ hosts: ["10.8.8.1", "10.8.8.2"], startMicros: Date.now() * 1000 })
    .open()
    .say(0, `GET /plans HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    .say(1, `HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${"x".repeat(200_000)}`, SMALL)
    .acknowledge(0)
    .close();
  const capture = await captureOf(told);
  await investigate.open(`?view=messages&q=${encodeURIComponent(`source.type:pcap OR source.type:bro`)}`);
  const name = `${host}.pcapng.gz`;
  // Sections of pcapng may follow one another in a file, and so may gzipped ones: what is sent at once takes a while to read.
  await drop(page, name, gzipSync(capture).toString("base64"), 120);
  const captures = page.getByRole("region", { name: "Captures" });
  await expect(captures.getByRole("progressbar", { name: `${name}: read so far` })).toBeVisible();
  await page.reload();
  await expect(captures).toContainText(name);
  await expect(captures).toContainText("finished", { timeout: 60_000 });
  await captures.getByRole("button", { name: "Show flows" }).click();
  await expect(investigate.messages.getByText(host).first()).toBeVisible();
  await captures.getByRole("button", { name: "Dismiss" }).click();
  await expect(captures).toBeHidden();
});

test("what is no capture is refused once, with the reason, and nothing else changes", async ({
  investigate,
  page,
}) => {
  await investigate.open();
  await drop(page, "notes.txt", Buffer.from("Buy milk, and read the mail of Anna.").toString("base64"));
  const captures = page.getByRole("region", { name: "Captures" });
  await expect(captures).toContainText("notes.txt");
  await expect(captures.getByText(/no capture begins here/)).toHaveCount(1);
  await captures.getByRole("button", { name: "Dismiss" }).first().click();
  await expect(investigate.alerts).toBeVisible();
});
