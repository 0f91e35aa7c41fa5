import type { Page } from "@playwright/test";
import { expect, patient, test } from "./test.ts";

// A change is shown when the platform has kept it, on a machine that may have other work.
test.setTimeout(180_000);

test("an alert is escalated by a key, dismissed by a click, and new again", async ({ investigate, page }) => {
  await investigate.open();
  await page.keyboard.press("j");
  await page.keyboard.press("e");
  const cell = (name: string) => investigate.alerts.getByRole("gridcell", { name });
  await expect(cell("Escalated")).toBeVisible();
  await expect(investigate.facet("Status").filter({ hasText: "Escalated" })).toHaveText("Escalated1 message");
  await page.reload();
  await cell("Escalated").click();
  const status = investigate.details.getByRole("radiogroup", { name: "Status" });
  await expect(status.getByRole("radio", { name: "Escalate" })).toBeChecked();
  await status.getByText("Dismiss").click();
  await expect(cell("Dismissed")).toBeVisible();
  await status.getByText("New").click();
  await expect(cell("Dismissed")).toHaveCount(0);
  await expect(investigate.section("Record")).not.toContainText("alert_status");
  const changes = investigate.section("Who changed it").getByRole("definition");
  // Other tests may have changed it before.
  for (const [place, text] of [
    "alert_status removed",
    "alert_status DISMISS",
    "alert_status ESCALATE",
  ].entries())
    await expect(changes.nth(place)).toHaveText(text);
});

test("a status that cannot be kept is said to be so", async ({ investigate, page }) => {
  await investigate.open();
  const escalated = investigate.alerts.getByRole("gridcell", { name: "Escalated" });
  await expect(escalated, "nothing is escalated before").toHaveCount(0);
  await page.route("**/api/v1/messages/*", (route) =>
    route.request().method() === "PATCH" ? route.abort() : route.continue(),
  );
  await page.keyboard.press("j");
  await page.keyboard.press("e");
  await patient(page.getByRole("alert")).toContainText("The status was not changed");
  await expect(escalated).toHaveCount(0);
});

test("keys act on the alert that was just stepped to, while its details are on their way", async ({
  investigate,
  page,
}) => {
  await investigate.open();
  const release = await heldMessages(page);
  await pressAtOnce(page, "j", "Enter", "j", "j", "e", "k", "d");
  const third = investigate.rows().nth(2);
  const second = investigate.rows().nth(1);
  await patient(third).toContainText("Escalated");
  await patient(second).toContainText("Dismissed");
  await patient(second).toHaveAttribute("aria-selected", "true");
  await expect(investigate.rows().first()).not.toContainText(/Escalated|Dismissed/);
  release();
  const status = investigate.details.getByRole("radiogroup", { name: "Status" });
  await patient(status.getByRole("radio", { name: "Dismissed" })).toBeChecked();

  // With packets in the place of the details' fields, and where only a link says what is opened.
  await pressAtOnce(page, "p", "n");
  await patient(second).not.toContainText("Dismissed");
  await page.keyboard.press("p");
  await page.keyboard.press("j");
  await page.keyboard.press("n");
  await patient(third).not.toContainText("Escalated");
});

test("keys of the details are served as soon as Enter is pressed", async ({ investigate, page }) => {
  await investigate.open();
  const release = await heldMessages(page);
  await pressAtOnce(page, "j", "Enter", "p", "3");
  await expect.poll(() => investigate.address("packets")).toBe("objects");
  await pressAtOnce(page, "Escape", "f");
  await page.keyboard.type("ip_src");
  await expect(investigate.details.getByLabel("Find a field")).toHaveValue("ip_src");
  release();
});

test("what is typed for a field that is not there yet changes no status", async ({ investigate, page }) => {
  await investigate.open();
  await page.route("**/api/v1/**", (route) =>
    /packets/.test(route.request().url()) ? undefined : route.continue(),
  );
  const given: unknown[] = [];
  page.on("request", (request) => {
    if (request.method() === "PATCH") given.push(request.postDataJSON());
  });
  await pressAtOnce(page, "j", "Enter", "p", "f", "d", "o", "e", "Escape");
  await page.keyboard.press("e");
  await patient(investigate.rows().first()).toContainText("Escalated");
  expect(given).toEqual([{ fields: { alert_status: "ESCALATE" } }]);
  await page.keyboard.press("n");
  await patient(investigate.rows().first()).not.toContainText("Escalated");
});

test("a status that could not be kept is told although the next one was", async ({ investigate, page }) => {
  await investigate.open();
  let refused = 0;
  await page.route("**/api/v1/messages/*", (route) =>
    route.request().method() === "PATCH" && refused++ === 0 ? route.abort() : route.continue(),
  );
  await pressAtOnce(page, "j", "o", "j", "o");
  await patient(investigate.rows().nth(1)).toContainText("Open");
  await patient(page.getByRole("alert")).toContainText("The status was not changed");
  await pressAtOnce(page, "k", "o");
  await patient(investigate.rows().first()).toContainText("Open");
  await expect(page.getByRole("alert")).toHaveCount(0);
  await pressAtOnce(page, "n", "j", "n");
  await expect(investigate.alerts.getByRole("gridcell", { name: "Open" })).toHaveCount(0);
});

test("alerts are grouped by rule and address, and a group is looked into", async ({ investigate, page }) => {
  await investigate.open();
  await page.getByRole("button", { name: "Group", exact: true }).click();
  await page.getByRole("menuitem", { name: "Rule" }).click();
  await page.getByRole("menuitem", { name: "Destination address" }).click();
  await page.keyboard.press("Escape");
  await expect.poll(() => investigate.address("group")).toBe("threat.triage.rules.*.name,ip_dst_addr");
  const groups = page.getByRole("region", { name: "Groups" });
  // The most alarming rule comes first, however few alerts it has.
  await expect(groups.getByRole("listitem").first()).toContainText("100");
  const upload = groups.getByRole("listitem").filter({ hasText: "Large upload to a known bad address" });
  await upload.getByRole("button", { name: /^Groups within/ }).click();
  await upload.getByRole("list", { name: "Destination address" }).getByRole("button").first().click();
  await expect.poll(() => investigate.address("group")).toBeNull();
  expect(investigate.address("q")).toMatch(
    /^threat\.triage\.rules\.\*\.name:"Large upload to a known bad address" AND ip_dst_addr:/,
  );
  await expect(investigate.rows().first()).toContainText("Large upload");
  await page.goBack();
  await expect(groups).toBeVisible();
});

/** Holds back what the page asks of single messages, until the answer is called. */
async function heldMessages(page: Page): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  await page.route("**/api/v1/messages/*", async (route) => {
    if (route.request().method() === "GET") await promise;
    await route.continue();
  });
  return resolve;
}

/** Presses keys as a quick hand does on a slow machine: none waits for what the page has put off to later tasks. */
async function pressAtOnce(page: Page, ...keys: readonly string[]): Promise<void> {
  await page.evaluate(async (pressed) => {
    for (const key of pressed) {
      const target = document.activeElement ?? document.body;
      target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      await Promise.resolve();
    }
  }, keys);
}
