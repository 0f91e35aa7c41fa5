import { expect, test } from "./test.ts";

/** A Zeek HTTP record with a host of its own. */
const visit = (host: string, at = Date.now()) => ({
  _path: "http",
  ts: at / 1000,
  uid: "CLive1",
  "id.orig_h": "10.1.1.20",
  "id.orig_p": 50_123,
  "id.resp_h": "93.184.216.34",
  "id.resp_p": 80,
  method: "GET",
  host,
  uri: "/",
  status_code: 200,
});

test("new rows flow in, wait while paused, and are shown when asked for", async ({
  investigate,
  page,
  platform,
}) => {
  const host = `live-${Date.now()}.example`;
  await platform.ingest("bro", visit(host));
  await investigate.open(`?view=messages&q=host:"${host}"`);
  await expect(investigate.rows()).toHaveCount(1);
  await expect(page).toHaveTitle("1 message – Metron");
  await platform.ingest("bro", visit(host), visit(host));
  await expect(investigate.rows()).toHaveCount(3);

  // An opened message must not be pushed away: new rows wait behind a button.
  await investigate.rows().nth(1).click();
  await expect(investigate.details).toBeVisible();
  await platform.ingest("bro", visit(host));
  const show = page.getByRole("button", { name: "1 new: show (.)" });
  await expect(show).toBeVisible();
  await expect(investigate.rows()).toHaveCount(3);
  await show.click();
  await expect(investigate.rows()).toHaveCount(4);

  await page.getByRole("button", { name: "Close the details" }).click();
  await page.getByRole("button", { name: /^Live rows: .*Pause$/ }).click();
  await expect.poll(() => investigate.address("live")).toBe("off");
  await platform.ingest("bro", visit(host));
  await page.getByRole("button", { name: /Resume$/ }).click();
  await platform.ingest("bro", visit(host));
  await expect(investigate.rows()).toHaveCount(6);
});

test("the page asks nothing while nothing happens", async ({ investigate, page }) => {
  await investigate.open("?live=off");
  await page.waitForLoadState("networkidle");
  const searches: string[] = [];
  page.on("request", (request) => {
    if (/\/(search|facets|histogram)$/.test(request.url())) searches.push(request.url());
  });
  await page.waitForTimeout(4000);
  expect(searches).toEqual([]);
});
