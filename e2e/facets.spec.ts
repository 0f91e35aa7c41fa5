import { expect, test } from "./test.ts";

test("a facet is added from a value's menu, shows more values and fewer, and is removed", async ({
  investigate,
  page,
}) => {
  await investigate.open("?view=messages&q=source.type:bro");
  await investigate.rows().first().click();
  const record = investigate.section("Record");
  await record.getByRole("button").first().click();
  const menu = page.getByRole("menu", { name: "What to do with the value" });
  const field = (await menu.locator(".value-name").textContent()) ?? "";
  await menu.getByRole("menuitem", { name: "Count its values" }).click();
  await expect.poll(() => investigate.address("facets")).toBe(field);
  await expect(investigate.facets.getByRole("region", { name: field, exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Close the details" }).click();

  const source = investigate.facets.getByRole("region", { name: "Source address" });
  await expect(source.getByRole("listitem").filter({ hasText: /messages?/ })).toHaveCount(8);
  await source.getByRole("button", { name: /^\d+ more values of Source address$/ }).click();
  await expect.poll(() => investigate.facet("Source address").count()).toBeGreaterThan(8);
  await source.getByRole("button", { name: "Fewer values of Source address" }).click();
  await expect(investigate.facet("Source address")).toHaveCount(8);
  await source.getByRole("button", { name: /^Source address/ }).click();
  await expect(source.getByRole("list")).toBeHidden();

  await investigate.facets.getByRole("button", { name: `Remove the facet ${field}` }).click();
  await expect.poll(() => investigate.address("facets")).toBeNull();
});

test("a value is excluded by its button, and no more", async ({ investigate }) => {
  await investigate.open("?view=messages");
  const all = await investigate.total();
  const exclude = investigate.facets.getByRole("button", { name: "Exclude Sensor bro" });
  await exclude.click();
  await expect.poll(() => investigate.address("q")).toBe("NOT source.type:bro");
  await expect.poll(() => investigate.total()).toBeLessThan(all);
});
