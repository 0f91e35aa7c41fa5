import { expect, test } from "./test.ts";

const SCRIPTS = [
  '<img src=x onerror="window.hostile=1">',
  "<script>window.hostile=1</script>",
  '"><svg onload=window.hostile=1>',
  "javascript:window.hostile=1",
  "{{constructor.constructor('window.hostile=1')()}}",
  "\u001b[31mred\u001b[0m \u202egnp.exe",
];

test("what a sensor sends is only ever text", async ({ investigate, page, platform }) => {
  const uid = `Chostile${Date.now()}`;
  await platform.ingest(
    "bro",
    ...SCRIPTS.map((script) => ({
      _path: "http",
      ts: Date.now() / 1000,
      uid,
      "id.orig_h": "10.1.1.66",
      "id.orig_p": 50_123,
      "id.resp_h": "93.184.216.34",
      "id.resp_p": 80,
      host: script,
      uri: script,
      user_agent: script,
    })),
  );
  await investigate.open(`?view=messages&q=uid:${uid}&cols=host,uri,user_agent&facets=host,user_agent`);
  await expect(investigate.rows()).toHaveCount(SCRIPTS.length);
  for (let at = 0; at < SCRIPTS.length; at++) {
    await investigate.rows().nth(at).click();
    await expect(investigate.section("As it was received")).toBeVisible();
  }
  await expect(investigate.messages.getByText("<script>window.hostile=1</script>").first()).toBeVisible();
  await page.getByRole("img", { name: /^Histogram/ }).hover();
  await page.getByRole("textbox", { name: "Find a field" }).fill("hostile");
  await investigate.query.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("user_agent:");
  await expect(page.getByRole("option").first()).toBeVisible();
  expect(await page.evaluate(() => "hostile" in window)).toBe(false);
});

test("a whole number too long for JavaScript is shown to the last digit", async ({
  investigate,
  platform,
}) => {
  const uid = `Clong${Date.now()}`;
  const long = "9007199254740993";
  await platform.ingest("bro", {
    _path: "conn",
    ts: Date.now() / 1000,
    uid,
    "id.orig_h": "10.1.1.66",
    "id.resp_h": "93.184.216.34",
    orig_bytes: JSON.rawJSON(long),
  });
  await investigate.open(`?view=messages&q=uid:${uid}&cols=orig_bytes`);
  await expect(investigate.rows()).toHaveCount(1);
  await investigate.rows().first().click();
  await expect(investigate.section("As it was received")).toContainText(long);
  await expect(investigate.messages.getByText(long)).toBeVisible();
});
