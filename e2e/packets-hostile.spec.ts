import { talk } from "../src/pcap/testing/talk.ts";
import { captureOf } from "./capture-of.ts";
import { expect, patient, test } from "./test.ts";

const BODY = [
  '<img src=x onerror="window.hostile=1">',
  "<script>window.hostile=1</script>",
  "</pre></div><svg onload=window.hostile=1>",
  "\u001b[31mred\u001b[0m \u001b]0;title\u0007",
  "\u202egnp.exe\u2066 zero\u200bwidth",
  "x".repeat(200_000),
].join("\r\n");
const NAME = '"><img src=x onerror=window.hostile=1>\u202egnp.exe';

// The panel is opened in each of its views.
test.setTimeout(180_000);

test("what packets carry is only ever text, in every view", async ({ investigate, page, platform }) => {
  const host = `h${Date.now()}.example`;
  const length = new TextEncoder().encode(BODY).length;
  const told = talk({ hosts: ["10.9.9.1", "10.9.9.2"], startMicros: Date.now() * 1000 })
    .open()
    .say(0, `GET /<script>window.hostile=1</script> HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    .say(
      1,
      [
        "HTTP/1.1 200 <b>OK</b>",
        "Content-Type: text/html; charset=<svg/onload=window.hostile=1>",
        `Content-Disposition: attachment; filename*=UTF-8''${encodeURIComponent(NAME)}`,
        `Content-Length: ${length}`,
        "",
        BODY,
      ].join("\r\n"),
    )
    .acknowledge(0)
    .close();
  await platform.upload("<img src=x onerror=window.hostile=1>.pcapng", await captureOf(told));
  await investigate.open(`?view=messages&q=source.type:pcap AND host:${host}`);
  await investigate.openPackets();

  const said = page.getByRole("document", { name: "What was said" });
  await patient(said).toContainText("<script>window.hostile=1</script>");
  await expect(said).toContainText("\\x1b[31mred\\x1b[0m");
  // What turns the direction of writing, or has no width, is a sign that can be seen.
  await expect(said).toContainText("‹U+202E›gnp.exe‹U+2066› zero‹U+200B›width");
  // A line without end is cut into rows, so that the panel has no width without end.
  expect(await said.evaluate((element) => element.scrollWidth)).toBeLessThan(4000);
  for (const look of ["text", "hex", "both", "http"]) {
    await page.keyboard.press("m");
    await expect.poll(() => investigate.address("show")).toBe(look);
  }
  const http = page.getByRole("region", { name: "Requests and responses" });
  await expect(http).toContainText("<svg/onload=window.hostile=1>");

  await page.keyboard.press("2");
  await expect(page.getByRole("grid", { name: "Packets" })).toContainText(
    "<script>window.hostile=1</script>",
  );
  await page.keyboard.press("3");
  // Of a name nothing is left that turns the direction of writing: the file is what its end says.
  await page
    .getByRole("row", { name: /onerror=window\.hostile=1>gnp\.exe/ })
    .getByRole("button")
    .click();
  await expect(page.getByRole("region", { name: "Beginning of the file" })).toContainText(
    "<script>window.hostile=1</script>",
  );
  await page.keyboard.press("4");
  await expect(page.getByRole("img", { name: /^Bytes over time/ })).toBeVisible();
  await page.goto("/captures");
  await expect(
    page.getByRole("row", { name: /<img src=x onerror=window\.hostile=1>\.pcapng/ }).first(),
  ).toBeVisible();
  expect(await page.evaluate(() => "hostile" in window)).toBe(false);
  expect(await page.locator("img[src=x], .stream-rows script, .bytes-block img").count()).toBe(0);
});
