import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { areInstalled } from "../src/pcap/testing/programs.ts";
import { ARCHIVE, IMPLANT_FILE, LISTING } from "../src/scenario/packets/documents.ts";
import type { InvestigatePage } from "./investigate-page.ts";
import { expect, patient, test } from "./test.ts";

// A file of twenty megabytes is carved and packed.
test.setTimeout(180_000);

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Opens the packets of the first message that a query finds, in one of their views, by keys alone. */
async function openPackets(investigate: InvestigatePage, query: string, view: string): Promise<void> {
  await investigate.open(`?view=messages&q=${encodeURIComponent(query)}`);
  await investigate.openPackets();
  await investigate.page.keyboard.press(view);
}

/** What a click downloads. */
async function downloaded(page: Page, click: () => Promise<void>): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  return download.path();
}

test("the stolen archive is carved whole, with the hash that it has", async ({ investigate, page }) => {
  await openPackets(investigate, `uri:"/in/${ARCHIVE.name}"`, "3");
  await page.getByRole("button", { name: ARCHIVE.name }).click({ timeout: 60_000 });
  const file = page.getByRole("region", { name: `File ${ARCHIVE.name}` });
  const hash = sha256(ARCHIVE.content.make());
  await expect(file.getByRole("button", { name: hash })).toBeVisible();
  await page.reload();
  await expect(file.getByRole("button", { name: hash })).toBeVisible({ timeout: 60_000 });

  const zip = await downloaded(page, () =>
    file.getByRole("button", { name: "Download as encrypted zip" }).click(),
  );
  if (areInstalled("7z")) {
    const folder = mkdtempSync(join(tmpdir(), "metron-carved-"));
    try {
      execFileSync("7z", ["x", "-pinfected", `-o${folder}`, zip], { stdio: "ignore" });
      expect(sha256(readFileSync(join(folder, ARCHIVE.name)))).toBe(hash);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  await file.getByRole("button", { name: "Who else got this file" }).click();
  await expect(investigate.messages.getByText("files").first()).toBeVisible();
  await expect(page.getByRole("status", { name: "About the query" })).toHaveCount(0);
});

test("a file that intelligence knows is marked, and one that went by FTP is found from its log", async ({
  investigate,
  page,
}) => {
  await openPackets(investigate, `uri:"/dist/${IMPLANT_FILE.name}"`, "3");
  await patient(
    page.getByRole("row", { name: new RegExp(`${IMPLANT_FILE.name} ?known to be bad`) }),
  ).toBeVisible();
  await openPackets(investigate, "protocol:ftp AND command:STOR", "3");
  await patient(page.getByRole("row", { name: new RegExp(`${LISTING.name}.*FTP`) })).toBeVisible();
});

test("timing shows the handshake, bytes, sequence numbers and what TCP did, each leading to its packet", async ({
  investigate,
  page,
}) => {
  await openPackets(investigate, `uri:"/in/${ARCHIVE.name}"`, "4");
  const timing = page.getByRole("region", { name: "Timing" });
  await expect(
    timing.getByRole("img", { name: /^Bytes over time: client 21,140,359, server 103$/ }),
  ).toBeVisible({
    timeout: 60_000,
  });
  await expect(timing).toContainText("SYN to SYN-ACK24.0 ms");
  await expect(
    timing.getByRole("img", { name: "Bytes of the client: sent 21,140,359, acknowledged 21,140,359" }),
  ).toBeVisible();
  await timing.getByText("Server", { exact: true }).click();
  await expect.poll(() => investigate.address("side")).toBe("server");
  await page.reload();
  await expect(
    timing.getByRole("img", { name: "Bytes of the server: sent 103, acknowledged 103" }),
  ).toBeVisible();
  const link = timing.getByRole("list", { name: "Events of TCP" }).getByRole("button").first();
  const packet = (await link.textContent())?.replace("packet ", "");
  await link.click();
  await expect
    .poll(() => [investigate.address("packets"), investigate.address("packet")])
    .toEqual(["packets", packet]);
  await expect(page.getByRole("region", { name: `Packet ${packet}` })).toContainText(
    "Transmission Control Protocol",
  );
});

test("a download is what the page says was taken, and other programs read it", async ({
  investigate,
  page,
}) => {
  await openPackets(investigate, `uri:"/dist/${IMPLANT_FILE.name}"`, "5");
  const pcapng = await downloaded(page, () =>
    page.getByRole("link", { name: /^Packets of this conversation/ }).click(),
  );
  const hash = sha256(readFileSync(pcapng));
  await patient(page.getByRole("list", { name: "What was taken of it" })).toContainText(hash);
  if (areInstalled("tshark"))
    expect(
      execFileSync("tshark", ["-r", pcapng, "-Y", "http.request", "-T", "fields", "-e", "http.request.uri"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim(),
    ).toBe(`/dist/${IMPLANT_FILE.name}`);
  const said = await downloaded(page, () => page.getByRole("link", { name: "What the server said" }).click());
  const bytes = readFileSync(said);
  expect(sha256(bytes.subarray(bytes.indexOf("\r\n\r\n") + 4))).toBe(IMPLANT_FILE.sha256);
});

test("bytes and fields of a packet show where the other is, by keys alone and after a reload", async ({
  investigate,
  page,
}) => {
  await openPackets(investigate, `uri:"/dist/${IMPLANT_FILE.name}"`, "2");
  const packets = page.getByRole("grid", { name: "Packets" });
  await patient(packets.getByRole("row", { name: /SYN/ }).first()).toBeVisible();
  await expect(packets).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect.poll(() => investigate.address("packet")).toBe("1");

  const bytes = page.getByRole("document", { name: "Bytes of the packet" });
  const chosen = page.getByRole("treeitem", { selected: true });
  await bytes.focus();
  // The EtherType is the 13th and 14th byte of a frame (IEEE 802.3).
  for (let byte = 0; byte < 13; byte++) {
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => investigate.address("bytes")).toBe(`${byte}-${byte}`);
  }
  await expect(chosen).toHaveText(/^Type IPv4/);
  await page.reload();
  await expect(page.getByRole("status", { name: "Selected bytes" })).toHaveText(/^byte 12/);
  await expect(chosen).toHaveText(/^Type IPv4/);

  // The source of IPv4 is 12 bytes into its header (RFC 791).
  await page.getByRole("treeitem", { name: /^Source \d+\.\d+\.\d+\.\d+/ }).click();
  await expect.poll(() => investigate.address("bytes")).toBe("26-29");
  await expect(bytes.locator(".bytes-hex .bytes-selected")).toHaveText("0a 0a 01 32");
});

test("a result that has expired is searched again with one click, and the address stays", async ({
  investigate,
  page,
}) => {
  await openPackets(investigate, `uri:"/dist/${IMPLANT_FILE.name}"`, "4");
  await patient(page.getByRole("region", { name: "Timing" })).toBeVisible();
  const queries = new URL("/api/v1/packets/queries", page.url()).href;
  const listed: { queries: { id: string }[] } = await (await page.request.get(queries)).json();
  for (const { id } of listed.queries) await page.request.delete(`${queries}/${id}`);
  await page.keyboard.press("2");
  await expect(page.getByRole("heading", { name: "What was found has expired" })).toBeVisible();
  const address = page.url();
  await page.getByRole("button", { name: "Search again" }).click();
  await patient(page.getByRole("grid", { name: "Packets" }).getByRole("row").nth(1)).toBeVisible();
  expect(page.url()).toBe(address);
});
