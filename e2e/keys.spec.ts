import { expect, patient, test } from "./test.ts";

test.setTimeout(180_000);

test("a filter of packets that is corrected changes no alert, and keeps what is typed", async ({
  investigate,
  page,
}) => {
  const given = investigate.changesAsked();
  await investigate.open();
  await investigate.openPackets();
  await page.keyboard.press("2");
  const filter = page.getByRole("textbox", { name: "Which packets" });
  await filter.click();
  await page.keyboard.type("ip_src_addr:(");
  await page.keyboard.press("Enter");
  await patient(page.getByRole("alert")).toBeVisible();
  await expect(filter).toBeFocused();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("protocol:tcp AND ip_protocol:6");
  await page.keyboard.press("Enter");
  await expect.poll(() => investigate.address("filter")).toBe("protocol:tcp AND ip_protocol:6");
  await expect(filter).toBeFocused();
  await expect(filter).toHaveValue("protocol:tcp AND ip_protocol:6");
  await page.goBack();
  await expect(filter).toHaveValue("ip_src_addr:(");
  expect(given).toEqual([]);
});

test("a field that an error takes the place of does not turn what is typed into shortcuts", async ({
  investigate,
  page,
}) => {
  const given = investigate.changesAsked();
  await investigate.open();
  await investigate.openPackets();
  const find = page.getByRole("textbox", { name: "Find in the stream" });
  await patient(find).toBeVisible();
  await find.focus();
  // Between two keys of one word, as an answer may come.
  await find.evaluate((element: HTMLInputElement) =>
    element.addEventListener("keyup", () => element.value === "recor" && element.remove()),
  );
  await page.keyboard.type("recorder");
  await expect(find).toBeHidden();
  // Escape ends the typing; what is pressed then is meant.
  await page.keyboard.press("Escape");
  await page.keyboard.press("r");
  await expect.poll(() => given).toEqual([{ fields: { alert_status: "RESOLVE" } }]);
  // As it was, for the tests that follow.
  await page.keyboard.press("u");
  await expect.poll(() => given.length).toBe(2);
});

test("a select that has the focus keeps its letters from the page, and gives the keys back once the mouse has chosen", async ({
  investigate,
  page,
}) => {
  const given = investigate.changesAsked();
  await investigate.open();
  await investigate.openPackets();
  const as = page.getByRole("combobox", { name: "Find as" });
  await patient(as).toBeVisible();
  await as.focus();
  await page.keyboard.press("r");
  await expect(as).toHaveValue("regex");
  await page.keyboard.press("2");
  await expect(as).toBeFocused();
  expect(investigate.address("packets")).toBe("stream");
  expect(given).toEqual([]);
  // What a person does who opens it by the mouse; the list of options is the browser's, and no test can click into it.
  await as.dispatchEvent("pointerdown");
  await as.selectOption("hex");
  await expect(as).not.toBeFocused();
  await page.keyboard.press("2");
  await expect.poll(() => investigate.address("packets")).toBe("packets");
});

test("a status is taken back by a key, and the one before it too", async ({ investigate, page }) => {
  await investigate.open();
  const first = investigate.rows().first();
  await page.keyboard.press("j");
  await page.keyboard.press("r");
  await patient(first).toContainText("Resolved");
  await page.keyboard.press("d");
  await patient(first).toContainText("Dismissed");
  await expect(page.getByRole("status").filter({ hasText: "Alert now: Dismissed" })).toBeVisible();
  await page.keyboard.press("u");
  await patient(first).toContainText("Resolved");
  await page.getByRole("button", { name: "Undo (u)" }).click();
  await patient(first).not.toContainText("Resolved");
  await expect(page.getByRole("button", { name: "Undo (u)" })).toBeHidden();
});

test("to undo takes back the last key, also while that change is on its way", async ({
  investigate,
  page,
}) => {
  await investigate.open();
  const [first, second] = [investigate.rows().nth(0), investigate.rows().nth(1)];
  await page.keyboard.press("j");
  await page.keyboard.press("r");
  await patient(first).toContainText("Resolved");
  const held = Promise.withResolvers<void>();
  let changes = 0;
  await page.route("**/api/v1/messages/*", async (route) => {
    if (route.request().method() === "PATCH" && changes++ === 0) await held.promise;
    await route.continue();
  });
  await page.keyboard.press("j");
  await page.keyboard.press("d");
  await page.keyboard.press("u");
  held.resolve();
  await expect.poll(() => changes).toBe(2);
  await expect(page.getByRole("status").filter({ hasText: "Alert now: Resolved" })).toBeVisible();
  await patient(first).toContainText("Resolved");
  await expect(second).not.toContainText("Dismissed");
  await page.keyboard.press("u");
  await patient(first).not.toContainText("Resolved");
});

test("a change of a status that was not kept is tried again by a click", async ({ investigate, page }) => {
  await investigate.open();
  let refused = 0;
  await page.route("**/api/v1/messages/*", (route) =>
    route.request().method() === "PATCH" && refused++ === 0 ? route.abort() : route.continue(),
  );
  await page.keyboard.press("j");
  await page.keyboard.press("o");
  await patient(page.getByRole("alert")).toHaveText("The status was not changed: the server did not answer.");
  await page.getByRole("button", { name: "Try again" }).click();
  await patient(investigate.rows().first()).toContainText("Open");
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.keyboard.press("u");
  await patient(investigate.rows().first()).not.toContainText("Open");
});

test("a click on a control leaves the keys to the page, but for its own", async ({ investigate, page }) => {
  await investigate.open();
  await page.getByText("All messages", { exact: true }).click();
  await expect.poll(() => investigate.address("view")).toBe("messages");
  await expect(investigate.messages).toBeVisible();
  await page.getByRole("radio", { name: "All messages" }).press("ArrowLeft");
  await expect.poll(() => investigate.address("view")).toBeNull();
  await expect(investigate.alerts).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(investigate.details).toBeVisible();
  await investigate.section("Message").getByText("Dismissed", { exact: true }).click();
  await patient(investigate.rows().first()).toContainText("Dismissed");
  await page.keyboard.press("n");
  await patient(investigate.rows().first()).not.toContainText("Dismissed");
  await page.keyboard.press("p");
  const said = page.getByRole("document", { name: "What was said" });
  await patient(said).toBeVisible();
  await page.getByRole("radiogroup", { name: "How bytes are shown" }).getByText("Hex").click();
  await page.keyboard.press("5");
  await patient(page.getByRole("region", { name: "Downloads" })).toBeVisible();
  await page.getByRole("radiogroup", { name: "Format" }).getByText("pcap", { exact: true }).click();
  await page.keyboard.press("1");
  await patient(said).toBeVisible();
  const first = investigate.address("guid");
  await page.getByRole("radiogroup", { name: "Whose words" }).getByText("Client").click();
  await page.keyboard.press("j");
  await expect.poll(() => investigate.address("guid")).not.toBe(first);
});

test("keys that are pressed at once after the help is closed reach the page", async ({
  investigate,
  page,
}) => {
  await investigate.open();
  const help = page.getByRole("dialog", { name: "Keyboard and mouse" });
  await page.keyboard.press("?");
  await expect(help).toBeVisible();
  await page.keyboard.press("?");
  await expect(help).toBeHidden();
  await page.keyboard.press("?");
  await expect(help).toBeVisible();
  await page.evaluate(async () => {
    for (const key of ["Escape", "j", "Enter"]) {
      const target = document.activeElement ?? document.body;
      target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      await Promise.resolve();
    }
  });
  await expect(investigate.details).toBeVisible();
});

test("keys that come before the first rows go to them once they are there", async ({ investigate, page }) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await page.route("**/api/v1/search", async (route) => {
    await promise;
    await route.continue();
  });
  await page.goto("/");
  await expect(page.getByRole("region", { name: "Results" })).toBeVisible();
  for (const key of ["j", "j", "e", "p"]) await page.keyboard.press(key);
  resolve();
  await patient(investigate.rows().nth(1)).toHaveAttribute("aria-selected", "true");
  await expect.poll(() => investigate.address("packets")).toBe("stream");
  await expect(investigate.rows().nth(1)).not.toContainText("Escalated");
});

test("packets open from the row that the cursor marks, and keep what is selected for who steps back", async ({
  investigate,
  page,
}) => {
  await investigate.open("?view=messages&q=uri:*/v2/sync");
  await page.keyboard.press("j");
  await page.keyboard.press("p");
  await expect.poll(() => investigate.address("packets")).toBe("stream");
  await patient(page.getByRole("document", { name: "What was said" })).toBeVisible();
  await page.keyboard.press("m");
  await page.getByRole("radiogroup", { name: "How bytes are shown" }).getByText("HTTP").click();
  await expect(page.getByRole("region", { name: "Requests and responses" })).toBeVisible();
  await page.keyboard.press("f");
  await expect(page.getByRole("textbox", { name: "Find in the stream" })).toBeFocused();
  await page.keyboard.type("sync");
  await patient(page.getByText(/^\d+ found/)).toBeVisible();

  await page.keyboard.press("Escape");
  await page.keyboard.press("2");
  const packets = page.getByRole("grid", { name: "Packets" });
  await patient(packets.getByRole("row").nth(4)).toBeVisible();
  await packets.getByRole("row").nth(4).click();
  await expect.poll(() => investigate.address("packet")).toBe("4");
  await page.keyboard.press("j");
  await expect.poll(() => investigate.address("packet")).toBeNull();
  await page.keyboard.press("k");
  await expect.poll(() => investigate.address("packet")).toBe("4");
  await page.keyboard.press("f");
  await expect(page.getByRole("textbox", { name: "Which packets" })).toBeFocused();
});
