import { ARCHIVE } from "../src/scenario/packets/documents.ts";
import { expect, patient, test } from "./test.ts";

test.setTimeout(180_000);

test("what is found in the beginning of a long stream is said to be of the beginning", async ({
  investigate,
  page,
}) => {
  await investigate.open(`?view=messages&q=${encodeURIComponent(`uri:"/in/${ARCHIVE.name}"`)}`);
  await investigate.openPackets();
  await patient(page.getByRole("document", { name: "What was said" })).toBeVisible();
  await page.keyboard.press("f");
  const find = page.getByRole("textbox", { name: "Find in the stream" });
  await expect(find).toBeFocused();
  await page.keyboard.type("201 Created");
  await patient(page.getByText(/^not found in the first 1\d\.\d MB of 21\.1 MB$/)).toBeVisible();
  await expect(
    page.getByText(/^1 message in the first 1\d\.\d MB of 21\.1 MB; the rest is not shown/),
  ).toBeVisible();
  await find.fill("HTTP/1.1");
  await page.keyboard.press("Enter");
  await patient(page.getByText(/^1 of 1 in the first 1\d\.\d MB of 21\.1 MB$/)).toBeVisible();
  await page.getByRole("radiogroup", { name: "Whose words" }).getByText("Server").click();
  await find.fill("201 Created");
  await patient(page.getByText(/^1 found$/)).toBeVisible();
});

test("the timing of UDP says nothing that only TCP has", async ({ investigate, page }) => {
  await investigate.open(`?view=messages&q=${encodeURIComponent("protocol:dns AND is_alert:true")}`);
  await investigate.openPackets();
  await page.keyboard.press("4");
  const timing = page.getByRole("region", { name: "Timing" });
  await patient(timing).toContainText("Client said");
  await expect(timing).not.toContainText(/SYN|handshake|end was not captured|Round trip| 1 packets/);
});

test("a message that names no packets does not say that they are asked for", async ({
  investigate,
  page,
}) => {
  await investigate.open("?view=messages&q=source.type:syslog");
  await investigate.openPackets();
  await patient(page.getByRole("heading", { name: "This message names no packets" })).toBeVisible();
  await expect(page.getByText("Asking for the packets…")).toHaveCount(0);
});

test("a line of a packet has room to say what it is about, and the details for their time", async ({
  investigate,
  page,
}) => {
  await investigate.open("?view=messages&q=uri:*/v2/sync");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const time = investigate.details.getByTitle(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC$/);
  await expect(time).toBeVisible();
  const isCut = (element: Element) => element.scrollWidth > element.clientWidth;
  expect(await time.evaluate(isCut)).toBe(false);
  await page.keyboard.press("p");
  await page.keyboard.press("2");
  const packets = page.getByRole("grid", { name: "Packets" });
  await patient(packets.getByRole("row").nth(1)).toBeVisible();
  expect(await packets.evaluate(isCut)).toBe(false);
  await expect(packets.getByRole("columnheader", { name: "What it is about" })).toBeInViewport({ ratio: 1 });
});
