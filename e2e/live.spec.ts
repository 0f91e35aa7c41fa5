import { expect, patient, test } from "./test.ts";

// The page looks for new rows at a pace that slow answers make slower, up to five times an answer's time: on a busy machine these tests wait longer.
test.setTimeout(180_000);

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
  await patient(investigate.rows()).toHaveCount(3);

  // An opened message must not be pushed away: new rows wait behind a button.
  await investigate.rows().nth(1).click();
  await expect(investigate.details).toBeVisible();
  await platform.ingest("bro", visit(host));
  const show = page.getByRole("button", { name: "1 new: show (.)" });
  await patient(show).toBeVisible();
  await expect(investigate.rows()).toHaveCount(3);
  await show.click();
  await patient(investigate.rows()).toHaveCount(4);

  await page.getByRole("button", { name: "Close the details" }).click();
  await page.getByRole("button", { name: /^Live rows: .*Pause$/ }).click();
  await expect.poll(() => investigate.address("live")).toBe("off");
  await platform.ingest("bro", visit(host));
  await page.getByRole("button", { name: /Resume$/ }).click();
  await platform.ingest("bro", visit(host));
  await patient(investigate.rows()).toHaveCount(6);
});

test("a click for the new rows is not lost while the page counts them", async ({
  investigate,
  page,
  platform,
}) => {
  const host = `counted-${Date.now()}.example`;
  await platform.ingest("bro", visit(host));
  await investigate.open(`?view=messages&q=host:"${host}"`);
  await investigate.rows().first().click();
  await platform.ingest("bro", visit(host));
  const show = page.getByRole("button", { name: "1 new: show (.)" });
  await patient(show).toBeVisible();

  const asked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await page.route("**/api/v1/search", async (route) => {
    asked.resolve();
    await release.promise;
    await route.continue();
  });
  await platform.ingest("bro", visit(host));
  await asked.promise;
  await show.click();
  release.resolve();
  await patient(investigate.rows()).toHaveCount(3);
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
