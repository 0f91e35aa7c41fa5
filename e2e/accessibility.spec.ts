import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, patient, test } from "./test.ts";

// The audit looks at every element on the page, on a machine that may have other work.
test.setTimeout(180_000);

/** What another colour scheme can break; all else is the same in both schemes. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

/** Serious findings, in a part of the page or all of it, as text. */
async function findings(page: Page, scheme: "dark" | "light", part?: string): Promise<string[]> {
  // The page has no frames: the results need not be put together in another page.
  let audit = new AxeBuilder({ page }).options({ resultTypes: ["violations"] }).setLegacyMode();
  if (scheme === "light") audit = audit.withRules(OF_COLOURS);
  for (const row of await rowsLikeOthers(page)) audit = audit.exclude(row);
  const { violations } = await (part === undefined ? audit : audit.include(part)).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

/** Rows that have the look of a row before them, as selectors: a list has many rows and few looks, and an audit takes long for each row. */
function rowsLikeOthers(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const looks = new Set<string>();
    return [...document.querySelectorAll("[role=grid] [role=rowgroup] > [role=row]")].flatMap((row) => {
      const marks = ["aria-selected", "data-cursor", "data-severity", "data-status", "data-alert"];
      const parts = [...row.querySelectorAll("[class]")].map((element) => element.getAttribute("class"));
      const look = JSON.stringify([row.className, marks.map((name) => row.getAttribute(name)), parts]);
      if (!looks.has(look)) {
        looks.add(look);
        return [];
      }
      return [`[role=rowgroup] > [aria-rowindex="${row.getAttribute("aria-rowindex")}"]`];
    });
  });
}

const PACKETS = [
  ["1", { role: "document", name: "What was said" }],
  ["2", { role: "grid", name: "Packets" }],
  ["3", { role: "region", name: "Files" }],
  ["4", { role: "img", name: /^Bytes of the/ }],
  ["5", { role: "region", name: "Downloads" }],
] as const;

for (const scheme of ["dark", "light"] as const) {
  test.describe(`in ${scheme} colours`, () => {
    test.use({ colorScheme: scheme, viewport: { width: 1280, height: 640 } });

    test("the list and the details have no serious finding", async ({ investigate, page }) => {
      await investigate.open();
      expect(await findings(page, scheme)).toEqual([]);
      await investigate.rows().first().click();
      await expect(investigate.section("How the score came about")).toBeVisible();
      expect(await findings(page, scheme, ".details")).toEqual([]);
    });

    test("the menus and the query have no serious finding", async ({ investigate, page }) => {
      await investigate.open();
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

    test("the views of packets have no serious finding", async ({ investigate, page }) => {
      await investigate.open("?view=messages&q=uri:*/update.bin");
      await investigate.openPackets();
      for (const [key, { role, name }] of PACKETS) {
        await page.keyboard.press(key);
        await patient(page.getByRole(role, { name })).toBeVisible();
        expect(await findings(page, scheme, ".packets"), String(name)).toEqual([]);
      }
    });

    test("the other pages have no serious finding", async ({ page }) => {
      await page.goto("/sensors");
      await expect(page.getByRole("row", { name: /^bro/ })).toBeVisible();
      expect(await findings(page, scheme)).toEqual([]);
      await page.goto("/captures");
      await expect(page.getByRole("row", { name: /^scenario\.pcapng/ })).toBeVisible();
      expect(await findings(page, scheme)).toEqual([]);
      await page.goto("/config");
      await expect(page.getByRole("textbox", { name: /^YAML of/ })).toBeVisible();
      expect(await findings(page, scheme)).toEqual([]);
    });
  });
}
