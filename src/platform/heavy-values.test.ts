import { expect, test } from "vitest";
import { found, numbers, send, testPlatforms } from "./testing/test-platform.ts";

const FORTY = Array.from({ length: 40 }, (_, n) => n).join(", ");
/** A value that doubles forty times: a few lists in memory, a million million parts for whoever goes into it. */
const heavy = (name: string, stage: (expression: string) => string) =>
  `sensor: ${name}\nparser: { jsonMap: {} }\n${stage(`REDUCE([n, ${FORTY}], (s, x) -> [s, s], [1])`)}\n`;

test("a message whose expression makes a value without end becomes a rejection, and others go on", async () => {
  using platforms = testPlatforms({
    global: "workers: 1\n",
    sensors: {
      transformed: heavy(
        "transformed",
        (text) => `transforms: [ { STELLAR: { x: "n > 1 ? ${text} : 0" } } ]`,
      ),
      judged: heavy(
        "judged",
        (text) => `validations: [ { STELLAR: { config: { condition: "n < 2 or ${text} == [n]" } } } ]`,
      ),
      enriched: heavy("enriched", (text) => `enrichments: { stellar: { x: "n > 1 ? ${text} : 0" } }`),
    },
  });
  await using platform = await platforms.open();
  for (const sensor of ["transformed", "judged", "enriched"])
    await send(platform, ['{"n":1}', '{"n":2}'], sensor);
  await platform.caughtUp();
  expect(await numbers(platform, "transformed")).toEqual([1]);
  expect(await numbers(platform, "judged")).toEqual([1]);
  // An enrichment that fails adds nothing, and the message goes on.
  expect(await numbers(platform, "enriched")).toEqual([1, 2]);
  const errors = await found(platform, "", "error", ["failed_sensor_type", "message"]);
  expect(errors.map(({ failed_sensor_type: sensor }) => sensor).sort()).toEqual([
    "enriched",
    "judged",
    "transformed",
  ]);
  for (const { message } of errors) expect(message).toContain("parts");
}, 60_000);
