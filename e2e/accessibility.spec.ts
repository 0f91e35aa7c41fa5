import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./test.ts";

// The audit looks at every element on the page, and a full list has many.
test.setTimeout(180_000);

/** Serious findings, in a part of the page or all of it, as text. */
async function findings(page: Page, part?: string): Promise<string[]> {
  const audit = new AxeBuilder({ page });
  const { violations } = await (part === undefined ? audit : audit.include(part)).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

for (const scheme of ["dark", "light"] as const) {
  test.describe(`in ${scheme} colours`, () => {
    // A low window holds fewer rows, each of which the audit looks at cell by cell.
    test.use({ colorScheme: scheme, viewport: { width: 1280, height: 640 } });

    test("the list, the details and the menus have no serious finding", async ({ investigate, page }) => {
      await investigate.open();
      expect(await findings(page)).toEqual([]);
      await investigate.rows().first().click();
      await expect(investigate.section("How the score came about")).toBeVisible();
      expect(await findings(page, ".details")).toEqual([]);
      await page.getByRole("button", { name: /^Time range/ }).click();
      await expect(page.getByRole("dialog", { name: "Time range" })).toBeVisible();
      expect(await findings(page, "[role=dialog]")).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Columns" }).click();
      await expect(page.getByRole("dialog", { name: "Columns" })).toBeVisible();
      expect(await findings(page, "[role=dialog]")).toEqual([]);
      await page.keyboard.press("Escape");
      await investigate.run("protocol:dns AND (");
      await expect(page.getByRole("alert")).toBeVisible();
      expect(await findings(page, ".bar")).toEqual([]);
    });

    test("the other pages have no serious finding", async ({ page }) => {
      await page.goto("/sensors");
      await expect(page.getByRole("row", { name: /^bro/ })).toBeVisible();
      expect(await findings(page)).toEqual([]);
      await page.goto("/config");
      await expect(page.getByRole("textbox", { name: /^YAML of/ })).toBeVisible();
      expect(await findings(page)).toEqual([]);
    });
  });
}
