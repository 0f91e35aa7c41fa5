import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./test.ts";

// The audit looks at every element on the page, and a full list has many.
test.setTimeout(180_000);

/** What another colour scheme can break, or the colours of another row; all else is the same in both schemes and in all rows. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];
const MORE_ROWS = "[role=rowgroup] > [role=row]:nth-child(n + 6)";

/** Serious findings, in a part of the page or all of it, as text. */
async function findings(page: Page, scheme: "dark" | "light", part?: string): Promise<string[]> {
  const audits = [new AxeBuilder({ page }).withRules(OF_COLOURS)];
  if (scheme === "dark") audits.push(new AxeBuilder({ page }).disableRules(OF_COLOURS).exclude(MORE_ROWS));
  const found: string[] = [];
  for (const audit of audits) {
    const { violations } = await (part === undefined ? audit : audit.include(part)).analyze();
    for (const { id, impact, nodes } of violations)
      if (impact === "serious" || impact === "critical")
        found.push(...nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
  }
  return found;
}

for (const scheme of ["dark", "light"] as const) {
  test.describe(`in ${scheme} colours`, () => {
    // A low window holds fewer rows, each of which the audit looks at cell by cell.
    test.use({ colorScheme: scheme, viewport: { width: 1280, height: 640 } });

    test("the list, the details and the menus have no serious finding", async ({ investigate, page }) => {
      await investigate.open();
      expect(await findings(page, scheme)).toEqual([]);
      await investigate.rows().first().click();
      await expect(investigate.section("How the score came about")).toBeVisible();
      expect(await findings(page, scheme, ".details")).toEqual([]);
      await page.getByRole("button", { name: /^Time range/ }).click();
      await expect(page.getByRole("dialog", { name: "Time range" })).toBeVisible();
      expect(await findings(page, scheme, "[role=dialog]")).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Columns" }).click();
      await expect(page.getByRole("dialog", { name: "Columns" })).toBeVisible();
      expect(await findings(page, scheme, "[role=dialog]")).toEqual([]);
      await page.keyboard.press("Escape");
      await investigate.run("protocol:dns AND (");
      await expect(page.getByRole("alert")).toBeVisible();
      expect(await findings(page, scheme, ".bar")).toEqual([]);
    });

    test("the other pages have no serious finding", async ({ page }) => {
      await page.goto("/sensors");
      await expect(page.getByRole("row", { name: /^bro/ })).toBeVisible();
      expect(await findings(page, scheme)).toEqual([]);
      await page.goto("/config");
      await expect(page.getByRole("textbox", { name: /^YAML of/ })).toBeVisible();
      expect(await findings(page, scheme)).toEqual([]);
    });
  });
}
