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
