import { expect, test } from "./test.ts";

test("the sensors' page leads to their messages", async ({ page, investigate }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "Sensors" }).click();
  const row = page.getByRole("row", { name: /^bro/ });
  await expect(row).toContainText(/running|idle/);
  await row.getByRole("link", { name: "bro" }).click();
  await expect(investigate.rows().first()).toContainText("bro");
});

test("a document with a mistake is refused at its place, a good one is published, compared and taken back", async ({
  page,
}) => {
  await page.goto("/config?doc=sensor/squid");
  const editor = page.getByRole("textbox", { name: "YAML of squid" });
  await expect(editor).toContainText("sensor: squid");
  const before = (await page.getByText(/^version \d+,/).textContent()) ?? "";
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\nbogus: 1");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("alert")).toContainText(/Line \d+, column \d+/);
  await expect(page.getByText(before)).toBeVisible();

  await page.getByRole("button", { name: "Discard" }).click();
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\n# looked at by the e2e test\n");
  await page.getByRole("textbox", { name: "What changes and why" }).fill("A remark.");
  await page.getByRole("button", { name: "Publish" }).click();
  const history = page.getByRole("complementary", { name: "History" });
  await expect(history).toContainText("A remark.");
  await history.getByRole("button", { name: "Show the changes" }).first().click();
  await expect(history).toContainText("+ # looked at by the e2e test");
  await history.getByRole("button", { name: "Return to this" }).first().click();
  await expect(editor).not.toContainText("looked at by the e2e test");
});

test("changes that are not published are not left behind without a question", async ({ page }) => {
  await page.goto("/config?doc=sensor/yaf");
  const editor = page.getByRole("textbox", { name: "YAML of yaf" });
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("# not published yet");
  const documents = page.getByRole("navigation", { name: "Documents" });
  const question = page.getByRole("dialog", { name: "Leave yaf without publishing?" });
  await documents.getByRole("button", { name: /^snort/ }).click();
  await question.getByRole("button", { name: "Stay here" }).click();
  await expect(editor).toContainText("# not published yet");
  await page.getByRole("link", { name: "Investigate" }).click();
  await question.getByRole("button", { name: "Discard the changes" }).click();
  await expect(page).toHaveURL(/\/(\?|$)/);
  await page.goto("/config?doc=sensor/yaf");
  await expect(editor).toContainText("sensor: yaf");
  await expect(editor).not.toContainText("# not published yet");
});

test("a version shows what it changed, to the word", async ({ page, platform }) => {
  const address = `${platform.url}/api/v1/config/documents/sensor/yaf`;
  const { text } = await (await fetch(address)).json();
  const publish = async (changed: string) => {
    const answer = await fetch(address, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: changed, note: "Another label." }),
    });
    expect(answer.status).toBe(200);
  };
  await publish(text.replace("timestampField: start_time", "timestampField: end_time"));
  try {
    await page.goto("/config?doc=sensor/yaf");
    const history = page.getByRole("complementary", { name: "History" });
    await history.getByRole("button", { name: "Show the changes" }).first().click();
    await expect(history.locator("mark")).toHaveText(["start", "end"]);
  } finally {
    await publish(text);
  }
});

test("an expression is coloured, completed and checked where it stands in the document", async ({ page }) => {
  await page.goto("/config?doc=sensor/asa");
  const editor = page.getByRole("textbox", { name: "YAML of asa" });
  await expect(editor.locator(".stellar-function", { hasText: "FORMAT" }).first()).toBeVisible();
  const colour = (text: string) =>
    editor
      .locator("span:not(:has(span))", { hasText: text })
      .first()
      .evaluate((span) => getComputedStyle(span).color);
  expect(await colour("FORMAT")).not.toBe(await colour("Known bad address"));
  // The name of a rule is no expression: nothing is completed in it.
  const line = (text: string) => editor.locator(".cm-line", { hasText: text }).first();
  await line("name: Known bad address").click();
  await page.keyboard.press("End");
  await page.keyboard.type(" TO_UP");
  await expect(page.getByRole("listbox")).toHaveCount(0);
  await line("rule: action in [").click();
  // Where the line is wrapped, the first goes to the end of its row.
  await page.keyboard.press("End");
  await page.keyboard.press("End");
  await page.keyboard.type(" and TO_UPP");
  await page.getByRole("option", { name: /^TO_UPPER\(/ }).click();
  await page.keyboard.type("ip_src_a");
  await page.getByRole("option", { name: /^ip_src_addr/ }).click();
  await page.keyboard.type(") == TO_LOWWER('A')");
  const mistake = editor.locator(".cm-lintRange-error");
  await expect(mistake).toHaveText("TO_LOWWER");
  await page.getByRole("button", { name: "Check" }).click();
  await expect(page.getByRole("alert")).toContainText("there is no function TO_LOWWER");
  await page.getByRole("button", { name: "Discard" }).click();
  await expect(mistake).toHaveCount(0);
});

test("sensors that cannot be asked: the problem stays to be read, and goes by itself", async ({ page }) => {
  let dead = true;
  await page.route("**/api/v1/**", (route) => (dead ? route.abort() : route.continue()));
  await page.goto("/sensors");
  const problem = page.getByRole("heading", { name: "The server does not answer" });
  await expect(problem).toBeVisible();
  for (let look = 0; look < 12; look++) {
    await page.waitForTimeout(250);
    await expect(problem).toBeVisible({ timeout: 1 });
  }
  dead = false;
  await expect(page.getByRole("row", { name: /^bro/ })).toBeVisible();
  await expect(problem).toBeHidden();
});

test("an unknown address leads back", async ({ page }) => {
  await page.goto("/nowhere");
  await page.getByRole("link", { name: "Go to Investigate" }).click();
  await expect(page.getByRole("grid", { name: "Alerts" })).toBeVisible();
});
