import { expect, test } from "./test.ts";

test("triage without touching the mouse", async ({ investigate, page }) => {
  await investigate.open();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(investigate.details).toBeVisible();
  const second = investigate.address("guid");
  await page.keyboard.press("j");
  await expect.poll(() => investigate.address("guid")).not.toBe(second);
  await page.keyboard.press("k");
  await expect.poll(() => investigate.address("guid")).toBe(second);
  await page.keyboard.press("Escape");
  await expect(investigate.details).toBeHidden();

  await page.keyboard.press("/");
  await expect(investigate.query).toBeFocused();
  await page.keyboard.type("threat.triage.score:>0");
  await page.keyboard.press("Enter");
  await expect.poll(() => investigate.address("q")).toBe("threat.triage.score:>0");
  await page.keyboard.press("Escape");
  await page.keyboard.press("v");
  await expect.poll(() => investigate.address("view")).toBe("messages");
  await page.keyboard.press("t");
  await expect(page.getByRole("dialog", { name: "Time range" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Time range" })).toBeHidden();
});

test("? lists every shortcut", async ({ investigate, page }) => {
  await investigate.open();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard and mouse" });
  await expect(help.getByRole("row", { name: /Next row/ })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(help).toBeHidden();
});

test("a value's menu opens and works by the keyboard", async ({ investigate, page }) => {
  await investigate.open();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const source = investigate.details
    .getByRole("region", { name: "Source", exact: true })
    .getByRole("button")
    .first();
  await source.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Include", exact: true })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect.poll(() => investigate.address("q")).toMatch(/ip_src_addr:/);
});
