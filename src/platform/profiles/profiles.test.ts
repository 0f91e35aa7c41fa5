import { afterAll, beforeAll, expect, test } from "vitest";
import { MEASUREMENTS, measuredValue } from "../../profiles/measurements.ts";
import { toMessage } from "../../stellar/values/value.ts";
import type { Platform } from "../platform.ts";
import { found, send, TWO_WORKERS, testPlatforms } from "../testing/test-platform.ts";

const MINUTE = 60_000;
const BEGIN = 1_700_000_040_000;
const PERIOD = BEGIN / MINUTE;
const BY = { author: "test", at: 1 };

const PROFILES = `
timestampField: timestamp
period: 1 minute
lateness: none
profiles:
  - profile: bytes
    foreach: ip
    onlyif: exists(ip)
    init: { sum: 0 }
    update: { sum: sum + 100 / bytes }
    result: { profile: sum, triage: { total: sum } }
`;

/** A sensor that asks for what was measured, and one whose rules score what profiles send. */
const ASKING = `
sensor: asking
parser: { jsonMap: {} }
enrichments:
  stellar:
    sums: PROFILE_GET('bytes', ip, PROFILE_WINDOW('10 minutes', now))
    all: LENGTH(PROFILE_VERBOSE('bytes', ip, PROFILE_WINDOW('10 minutes', now)))
`;
const SCORING = `
sensor: profiler
parser: { jsonMap: {} }
trusted: [is_alert]
triage: { rules: [ { name: much, rule: total > 50, score: 7 } ] }
`;

const platforms = testPlatforms({
  global: TWO_WORKERS,
  sensors: { web: "sensor: web\nparser: { jsonMap: {} }\n", asking: ASKING, profiler: SCORING },
});
let platform: Platform;

beforeAll(async () => {
  platform = await platforms.open();
  await platform.ready();
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  platforms[Symbol.dispose]();
}, 60_000);

function measured(): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const { key, value } of platform.tables.profiler.range(MEASUREMENTS)) {
    const [profile, entity] = key.split("\0");
    if (value instanceof Uint8Array)
      all[`${profile} ${entity} ${Number.parseInt(key.slice(-9), 36)}`] = toMessage(measuredValue(value));
  }
  return all;
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((done) => setTimeout(done, 50));
}

const record = (minute: number, ip: string, bytes: number) =>
  JSON.stringify({ timestamp: BEGIN + minute * MINUTE, ip, bytes });

test("a document with mistakes is refused with their places, and the sensors stay as they were", async () => {
  const wrong = PROFILES.replace("exists(ip)", "EXISTENCE(ip)");
  await expect(platform.publish([{ kind: "profiles", name: "profiles", text: wrong }], BY)).rejects.toThrow(
    /^profiles:8:13: profiles\.0\.onlyif: `EXISTENCE\(ip\)`: there is no function EXISTENCE/,
  );
  await expect(platform.publish([{ kind: "profiles", name: "mine", text: PROFILES }], BY)).rejects.toThrow(
    "there is one document of profiles, called `profiles`",
  );
});

test("periods are measured as time in the telemetry goes on; sensors ask for them, and triage gets them", {
  timeout: 60_000,
}, async () => {
  await platform.publish([{ kind: "profiles", name: "profiles", text: PROFILES }], BY);
  await send(platform, [record(0, "a", 5), record(0, "b", 20), record(0, "a", 2), record(1, "a", 100)]);
  await platform.caughtUp();
  // A division by zero fails at that message alone; what comes too late is left out.
  await send(platform, [record(1, "a", 0), record(2, "a", 1), record(0, "a", 7), record(3, "b", 11)]);
  await until(() => Object.keys(measured()).length === 3);
  expect(measured()).toEqual({
    [`bytes a ${PERIOD}`]: 70,
    [`bytes a ${PERIOD + 1}`]: 1,
    [`bytes b ${PERIOD}`]: 5,
  });

  const asked = await platform.evaluator.ask({
    expression: "LENGTH(PROFILE_FIXED(2, 'MINUTES'))",
    message: {},
  });
  expect(JSON.parse(asked)).toMatchObject({ value: 3 });
  const now = BEGIN + 5 * MINUTE;
  await send(
    platform,
    ["a", "b", "c"].map((ip) => JSON.stringify({ ip, now, timestamp: 1 })),
    "asking",
  );
  await platform.caughtUp();
  const answers = await found(platform, "", "asking", ["ip", "sums", "all"]);
  expect(answers.sort((one, other) => (String(one.ip) < String(other.ip) ? -1 : 1))).toMatchObject([
    { ip: "a", sums: [70, 1], all: 2 },
    { ip: "b", sums: [5], all: 1 },
    { ip: "c", sums: [], all: 0 },
  ]);

  await until(async () => (await found(platform, "", "profiler")).length === 3);
  const alerts = await found(platform, "", "profiler");
  const scores = alerts.map((alert) => [
    alert.entity,
    alert.period,
    alert.total,
    alert["threat.triage.score"],
  ]);
  expect(new Map(scores.map(([entity, period, ...rest]) => [`${entity} ${period}`, rest]))).toEqual(
    new Map([
      [`a ${PERIOD}`, [70, 7]],
      [`a ${PERIOD + 1}`, [1, undefined]],
      [`b ${PERIOD}`, [5, undefined]],
    ]),
  );

  await until(async () => (await platform.status()).profiles?.[0]?.late === 4);
  expect((await platform.status()).profiles).toMatchObject([
    {
      ...{ name: "bytes", entities: 2, routed: 11, applied: 6, measured: 3, failed: 1, late: 4 },
      lastError: { message: expect.stringContaining("division by zero") },
    },
  ]);
});

test("after a stop it goes on where it was", { timeout: 60_000 }, async () => {
  await platform[Symbol.asyncDispose]();
  platform = await platforms.open();
  await platform.ready();
  await send(platform, [record(2, "a", 50), record(4, "a", 1), record(4, "b", 1)]);
  await until(() => Object.keys(measured()).length === 5);
  expect(measured()).toMatchObject({ [`bytes a ${PERIOD + 2}`]: 102, [`bytes b ${PERIOD + 3}`]: 9 });
});
