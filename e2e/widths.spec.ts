import { mkdirSync } from "node:fs";
import type { Page } from "@playwright/test";
import { beyondTheWindow, WIDTHS } from "./sideways.ts";
import { expect, patient, test } from "./test.ts";

test.setTimeout(180_000);

for (const width of WIDTHS)
  for (const scheme of ["dark", "light"] as const)
    test.describe(`at ${width} px in ${scheme} colours`, () => {
      test.use({ viewport: { width, height: 800 }, colorScheme: scheme });

      test("no page scrolls sideways, and nothing of it is cut off", async ({ investigate, page }) => {
        await investigate.open();
        await look(page, width, scheme, "investigate");
        await investigate.rows().first().click();
        await expect(investigate.section("How the score came about")).toBeVisible();
        await look(page, width, scheme, "details");
        await investigate.openPackets();
        await patient(page.getByRole("document", { name: "What was said" })).toBeVisible();
        await look(page, width, scheme, "packets");
        await page.goto("/sensors");
        await expect(page.getByRole("row", { name: /^bro/ })).toBeVisible();
        await look(page, width, scheme, "sensors");
        await page.goto("/captures");
        await expect(page.getByRole("row", { name: /^scenario\.pcapng/ })).toBeVisible();
        await look(page, width, scheme, "captures");
        await page.goto("/config");
        await expect(page.getByRole("textbox", { name: /^YAML of/ })).toBeVisible();
        await look(page, width, scheme, "config");
      });
    });

async function look(page: Page, width: number, scheme: string, name: string): Promise<void> {
  mkdirSync("build/e2e-widths", { recursive: true });
  await page.screenshot({ path: `build/e2e-widths/${name}-${width}-${scheme}.png` });
  expect.soft(await beyondTheWindow(page), `${name} at ${width} px`).toEqual([]);
}
