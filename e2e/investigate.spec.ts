import { expect, test } from "./test.ts";

test("alerts are there, the most alarming first", async ({ investigate, page }) => {
  await investigate.open();
  await expect(page).toHaveTitle(/Metron/);
  await expect(investigate.alerts.getByRole("columnheader", { name: "Score" })).toHaveAttribute(
    "aria-sort",
    "descending",
  );
  const scores = await investigate.rows().getByRole("gridcell").first().allTextContents();
  expect(Number(scores[0])).toBeGreaterThan(0);
  await expect(page.getByRole("img", { name: /^Histogram over time: / })).toBeVisible();
});

test("a facet's value is included, excluded and dropped again", async ({ investigate }) => {
  await investigate.open();
  const all = await investigate.total();
  const value = investigate.facet("Sensor").first();
  const sensor = (await value.locator(".facet-text").textContent()) ?? "";
  await value.click();
  await expect.poll(() => investigate.address("q")).toBe(`source.type:${sensor}`);
  await expect(investigate.rows().first()).toContainText(sensor);
  await expect.poll(() => investigate.total()).toBeLessThan(all);
  await investigate.facet("Sensor").first().click();
  await expect.poll(() => investigate.address("q")).toBeNull();
  await investigate
    .facet("Sensor")
    .first()
    .click({ modifiers: ["Alt"] });
  await expect.poll(() => investigate.address("q")).toBe(`NOT source.type:${sensor}`);
  await expect(investigate.alerts.getByRole("gridcell", { name: sensor, exact: true })).toHaveCount(0);
});

test("a message counts for each rule that matched it, and is found by any of them", async ({
  investigate,
  page,
}) => {
  await investigate.open();
  // The exfiltration matches three rules; the two lighter ones count it too.
  await investigate.facets.getByRole("button", { name: /^\d+ more values of Rule$/ }).click();
  const upload = investigate.facets.getByRole("button", { name: /^Large upload \d+ messages?$/ });
  const count = Number(/\d+/.exec((await upload.textContent()) ?? "")?.[0]);
  expect(count).toBeGreaterThan(0);
  await upload.click();
  await expect.poll(() => investigate.address("q")).toBe('threat.triage.rules.*.name:"Large upload"');
  await expect.poll(() => investigate.total()).toBe(count);
  await expect(investigate.rows().first()).toContainText("Large upload to a known bad address");
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("an alert says why it is one, rule by rule", async ({ investigate, page }) => {
  await investigate.open();
  await investigate.rows().first().click();
  const story = investigate.section("How the score came about");
  await expect(story).toBeVisible();
  const rules = story.getByRole("list", { name: "Rules that matched" }).getByRole("listitem");
  expect(await rules.count()).toBeGreaterThan(0);
  const score = await investigate.rows().first().getByRole("gridcell").first().textContent();
  await expect(story).toContainText(score?.trim() ?? "?");
  await expect(investigate.section("Who and where")).toBeVisible();
  await expect(investigate.section("As it was received")).toBeVisible();
  await page.getByRole("button", { name: "Close the details" }).click();
  await expect(investigate.details).toBeHidden();
});

test("every value in the details narrows the list", async ({ investigate, page }) => {
  await investigate.open();
  await investigate.rows().first().click();
  const source = investigate.details
    .getByRole("region", { name: "Source", exact: true })
    .getByRole("button")
    .first();
  const address = (await source.textContent()) ?? "";
  await source.click();
  await page.getByRole("menuitem", { name: "Only this" }).click();
  await expect.poll(() => investigate.address("q")).toBe(`ip_src_addr:${address}`);
  await source.click();
  await page.getByRole("menuitem", { name: "Exclude", exact: true }).click();
  await expect.poll(() => investigate.address("q")).toBe(`NOT ip_src_addr:${address}`);
  await expect(investigate.alerts.getByRole("gridcell", { name: address, exact: true })).toHaveCount(0);
});

test("dragging over the histogram chooses the time", async ({ investigate, page }) => {
  await investigate.open();
  const all = await investigate.total();
  await expect(page.locator(".histogram canvas")).toBeVisible();
  const box = await page.getByRole("img", { name: /^Histogram/ }).boundingBox();
  if (box === null) throw new Error("the histogram has no place");
  await page.mouse.move(box.x + box.width * 0.7, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.85, box.y + 30, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => investigate.address("t")).toMatch(/^\d{4}-.*Z\.\.\d{4}-.*Z$/);
  await expect.poll(() => investigate.total()).toBeLessThan(all);
  await page.goBack();
  await expect.poll(() => investigate.address("t")).toBeNull();
});

test("quick ranges, exact ranges and the data's own", async ({ investigate, page }) => {
  await investigate.open();
  await page.getByRole("button", { name: "Time range: All time" }).click();
  await page.getByRole("button", { name: "Last 24 hours" }).click();
  await expect.poll(() => investigate.address("t")).toBe("24h");
  await page.getByRole("button", { name: "Time range: Last 24 hours" }).click();
  await page.getByRole("textbox", { name: "From" }).fill("2001-01-01 00:00:00");
  await page.getByRole("textbox", { name: "To" }).fill("2001-01-02 00:00:00");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("heading", { name: "No alert in this time range" })).toBeVisible();
  await page.getByRole("button", { name: "Search all time" }).click();
  await expect(investigate.rows().first()).toBeVisible();
  await page.getByRole("button", { name: "Time range: All time" }).click();
  await page.getByRole("button", { name: /^Fit to data/ }).click();
  await expect.poll(() => investigate.address("t")).toMatch(/Z\.\.\d{4}/);
  await expect(investigate.rows().first()).toBeVisible();
});

test("an address shows a colleague the same", async ({ investigate, page, browser, baseURL }) => {
  await investigate.open("?view=messages&sort=-ip_dst_port&cols=timestamp,ip_dst_port,ip_src_addr");
  await investigate.rows().nth(2).click();
  await expect(investigate.section("Record")).toBeVisible();
  const shown = await investigate.rows().nth(0).textContent();
  const context = await browser.newContext({ ...(baseURL === undefined ? {} : { baseURL }) });
  const other = await context.newPage();
  await other.goto(page.url());
  const details = other.getByRole("complementary", { name: "Details" });
  await expect(details.getByRole("region", { name: "Record" })).toBeVisible();
  expect(await details.getByRole("region", { name: "Record" }).textContent()).toBe(
    await investigate.section("Record").textContent(),
  );
  await expect(other.getByRole("columnheader")).toHaveText([/Time/, /Port/, /Source/]);
  await expect(other.getByRole("grid").getByRole("rowgroup").getByRole("row").first()).toHaveText(
    shown ?? "?",
  );
  await context.close();
});

test("back and forward walk through what was looked at", async ({ investigate, page }) => {
  await investigate.open();
  await investigate.facet("Sensor").first().click();
  await expect.poll(() => investigate.address("q")).not.toBeNull();
  await investigate.rows().first().click();
  await expect(investigate.details).toBeVisible();
  await page.goBack();
  await expect(investigate.details).toBeHidden();
  await page.goBack();
  await expect.poll(() => investigate.address("q")).toBeNull();
  await page.goForward();
  await page.goForward();
  await expect(investigate.details).toBeVisible();
  await page.reload();
  await expect(investigate.details).toBeVisible();
});

test("columns are chosen and sorted by", async ({ investigate, page }) => {
  await investigate.open("?view=messages");
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("textbox", { name: "Find a field" }).fill("ip_src_port");
  await page.getByRole("checkbox", { name: /ip_src_port/ }).click();
  await page.keyboard.press("Escape");
  const header = investigate.messages.getByRole("columnheader", { name: "Port" }).last();
  await header.getByRole("button").click();
  await expect.poll(() => investigate.address("sort")).toBe("-ip_src_port,-timestamp");
  await expect(header).toHaveAttribute("aria-sort", "descending");
});
