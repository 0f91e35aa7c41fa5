import { expect, test } from "./test.ts";

test("an alert is escalated by a key, dismissed by a click, and new again", async ({ investigate, page }) => {
  await investigate.open();
  await page.keyboard.press("j");
  await page.keyboard.press("e");
  const cell = (name: string) => investigate.alerts.getByRole("gridcell", { name });
  await expect(cell("Escalated")).toBeVisible();
  await expect(investigate.facet("Status").filter({ hasText: "Escalated" })).toHaveText(
    "Escalated1 messages",
  );
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
  await expect(changes).toHaveText(["alert_status removed", "alert_status DISMISS", "alert_status ESCALATE"]);
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
  await expect(page.getByRole("alert")).toContainText("The status was not changed");
  await expect(escalated).toHaveCount(0);
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
