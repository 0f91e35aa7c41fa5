import { expect, test } from "./test.ts";

test("a mistake is said in words and shown at its place", async ({ investigate, page }) => {
  await investigate.open();
  await investigate.run("protocol:dns AND (ip_dst_port:53");
  const mistake = page.getByRole("alert").filter({ hasText: /^Column \d+:/ });
  await expect(mistake).toBeVisible();
  await expect(page.locator(".cm-lintRange-error")).toBeVisible();
  await investigate.run("protocol:dns");
  await expect(mistake).toBeHidden();
});

test("a field nobody has is named, with what was probably meant", async ({ investigate, page }) => {
  await investigate.open();
  await investigate.run("ip_scr_addr:10.0.0.5");
  await expect(page.getByRole("alert").filter({ hasText: "ip_src_addr" })).toBeVisible();
});

test("another product's name leads to ours by a click, and the rows stay meanwhile", async ({
  investigate,
  page,
}) => {
  await investigate.open();
  const first = await investigate.rows().first().textContent();
  await investigate.run("id.orig_h:10.10.1.50");
  await expect(page.getByText("These rows are of the last one that ran.")).toBeVisible();
  await expect(investigate.rows().first()).toHaveText(first ?? "");
  await page.getByRole("button", { name: "ip_src_addr", exact: true }).click();
  await expect.poll(() => investigate.address("q")).toBe("ip_src_addr:10.10.1.50");
  await expect(page.getByText("These rows are of the last one that ran.")).toBeHidden();
  await expect(investigate.rows().first()).toContainText("10.10.1.50");
});

test.describe("in a zone away from UTC", () => {
  test.use({ timezoneId: "America/Bogota" });

  test("times say their zone, and UTC is a click away and stays", async ({ investigate, page }) => {
    await investigate.open();
    const heading = page.getByRole("columnheader", { name: /^Time/ });
    await expect(heading).toContainText("America/Bogota");
    const time = () => investigate.rows().first().getByRole("gridcell").nth(1).textContent();
    const local = Date.parse(`${await time()}-05:00`.replace(" ", "T"));
    await page.getByRole("button", { name: /Show times in UTC/ }).click();
    await expect(heading).toContainText("UTC");
    expect(Date.parse(`${await time()}Z`.replace(" ", "T"))).toBe(local);
    await page.reload();
    await expect(heading).toContainText("UTC");
  });
});

test("fields and their values are completed", async ({ investigate, page }) => {
  await investigate.open();
  await investigate.query.click();
  await page.keyboard.type("source.ty");
  await expect(page.getByRole("option", { name: /^source\.type/ })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(investigate.query).toHaveText("source.type:");
  await expect(page.getByRole("option", { name: /^bro/ })).toBeVisible();
  await page.keyboard.type("br");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect.poll(() => investigate.address("q")).toBe("source.type:bro");
});

test("what matches nothing says what to do next", async ({ investigate, page }) => {
  await investigate.open();
  await investigate.run("source.type:nobody");
  await expect(page.getByRole("heading", { name: "No alert matches" })).toBeVisible();
  await page
    .getByRole("region", { name: "Results" })
    .getByRole("button", { name: "Clear the query" })
    .click();
  await expect(investigate.rows().first()).toBeVisible();
});
