import { expect, patient, test } from "./test.ts";

const LURE = "185.220.101.47";

/** An alert of each sensor, what its packets say, and by what they were found: its Community ID, or its addresses within its clock. */
const ALERTS = [
  [
    "Zeek",
    `source.type:bro AND ip_dst_addr:${LURE} AND protocol:conn`,
    "GET /statement/2026-11/",
    /packets themselves/,
  ],
  [
    "Suricata",
    `source.type:suricata AND ip_dst_addr:${LURE}`,
    "GET /statement/2026-11/",
    /packets themselves/,
  ],
  ["Snort", "source.type:snort AND msg:*sweep*", "Server resets the connection", /packets themselves/],
  ["ASA", `source.type:asa AND ip_dst_addr:${LURE}`, "GET /statement/2026-11/", /a clock of its own/],
] as const;

for (const [sensor, query, words, clock] of ALERTS) {
  test(`from an alert of ${sensor} two keys lead to what was said`, async ({ investigate, page }) => {
    await investigate.open(`?q=${encodeURIComponent(query)}`);
    await investigate.openPackets();
    await patient(page.getByRole("document", { name: "What was said" })).toContainText(words);
    await page.getByText(/^\d notes?$/).click();
    await expect(page.getByText(clock)).toBeVisible();
  });
}
