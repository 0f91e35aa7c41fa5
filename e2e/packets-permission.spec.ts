import type { Actor } from "../src/core/actor.ts";
import { talk } from "../src/pcap/testing/talk.ts";
import { captureOf } from "./capture-of.ts";
import { type Platform, startPlatform } from "./platform.ts";
import { test as base, expect, patient } from "./test.ts";

// Platform and packets are not there yet when the first test begins.
base.setTimeout(180_000);

const SECRET = "the combination is 12-34-56";

/** The tests of this file share a platform in which each request says by whom it is made. */
const test = base.extend<object, { readonly platform: Platform }>({
  platform: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures needed from this pattern
    async ({}, use) => {
      const platform = await startPlatform({ actors: true });
      try {
        const told = talk({ startMicros: Date.now() * 1000 })
          .open()
          .say(
            0,
            `POST /vault.txt HTTP/1.1\r\nHost: vault.example\r\nContent-Length: ${SECRET.length}\r\n\r\n${SECRET}`,
          )
          .say(1, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
          .acknowledge(0)
          .close();
        await platform.upload("told.pcapng", await captureOf(told));
        await use(platform);
      } finally {
        await platform.close();
      }
    },
    { scope: "worker", timeout: 240_000 },
  ],
});

const actorWith = (packets: Actor["packets"]): Actor => ({
  name: `${packets}-only`,
  role: "analyst",
  packets,
});

for (const [packets, sees] of [
  ["none", []],
  ["metadata", ["Objects", "Timing"]],
  ["payload", ["Stream", "Objects", "Timing"]],
] as const) {
  test(`who has the permission ${packets} sees what it allows, and is told of the rest`, async ({
    investigate,
    page,
  }) => {
    await page.setExtraHTTPHeaders({ "x-actor": JSON.stringify(actorWith(packets)) });
    await investigate.open("?view=messages&q=source.type:pcap AND protocol:conn");
    await investigate.openPackets();
    const refused = page.getByText("You may not see this");
    const panel = page.getByRole("region", { name: "Packets" });
    for (const [key, view, mark] of [
      ["1", "Stream", panel.getByText("POST /vault.txt HTTP/1.1")],
      ["3", "Objects", panel.getByRole("row", { name: /vault\.txt/ })],
      ["4", "Timing", panel.getByRole("img", { name: /^Bytes over time: client/ })],
    ] as const) {
      await page.keyboard.press(key);
      const mayBeSeen = (sees as readonly string[]).includes(view);
      await patient(mayBeSeen ? mark : refused, `${view} with ${packets}`).toBeVisible();
      if (!mayBeSeen) await expect(mark).toBeHidden();
    }
    if (packets === "none") return;
    // Who the two are and how much they said is metadata; what is in a file is payload, and taking it along is a permission of its own.
    await page.keyboard.press("2");
    await expect(
      page
        .getByRole("grid", { name: "Packets" })
        .getByRole("row", { name: /10\.0\.0\.1/ })
        .first(),
    ).toBeVisible();
    await page.keyboard.press("3");
    await panel.getByRole("button", { name: "vault.txt" }).click();
    await expect(packets === "payload" ? panel.getByText(SECRET) : refused).toBeVisible();
    await expect(panel.getByText(SECRET)).toHaveCount(packets === "payload" ? 1 : 0);
    await page.getByRole("button", { name: "Download as encrypted zip" }).click();
    await expect(panel.getByRole("alert")).toContainText("download");
  });
}
