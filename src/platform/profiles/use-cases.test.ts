import { afterEach, describe, expect, test } from "vitest";
import { importProfiler } from "../../config/metron/import-profiler.ts";
import { MEASUREMENTS } from "../../profiles/measurements.ts";
import type { Platform } from "../platform.ts";
import { found, send, type TestPlatforms, testPlatforms } from "../testing/test-platform.ts";

/** The original's use cases of profiles, with its definitions unmodified but for the time, which is that of the records. */

const MINUTE = 60_000;
/** The clock of PROFILE_FIXED is the machine's, so what happens here happened in the last minutes. */
const MINUTES = 6;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function opened(sensor: string, name: string, json: object): Promise<Platform> {
  const platforms: TestPlatforms = testPlatforms({
    global: "workers: 2\nseal: { seconds: 1 }\n",
    sensors: { [name]: sensor },
  });
  cleanups.push(async () => platforms[Symbol.dispose]());
  const platform = await platforms.open();
  cleanups.push(() => platform[Symbol.asyncDispose]());
  const text = importProfiler(
    {
      json: JSON.stringify({ timestampField: "timestamp", ...json }),
      properties:
        "profiler.period.duration=1\nprofiler.period.duration.units=MINUTES\nprofiler.window.lag=0\n",
    },
    [],
  );
  await platform.publish([{ kind: "profiles", name: "profiles", text }], { author: "test", at: 1 });
  await platform.ready();
  return platform;
}

/** Resolves when a profile has measured so many periods. */
async function measured(platform: Platform, profile: string, periods: number): Promise<void> {
  const count = () => [...platform.tables.profiler.range(MEASUREMENTS, { prefix: `${profile}\0` })].length;
  while (count() < periods) await new Promise((done) => setTimeout(done, 50));
}

/** The same numbers in each run, about normally distributed. */
function gaussian(): () => number {
  let state = 7;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return () => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, 0) - 6;
}

describe("outliers by the median of deviations", { timeout: 120_000 }, () => {
  const SENSOR = `
sensor: mad
partitions: 1
parser: { csv: { columns: { value_str: 0, timestamp: 1 } } }
transforms:
  - STELLAR: { output: [value, timestamp], config: { value: TO_DOUBLE(value_str), timestamp: TO_LONG(timestamp) } }
enrichments:
  stellar:
    parser_score: OUTLIER_MAD_SCORE(OUTLIER_MAD_STATE_MERGE(PROFILE_GET('sketchy_mad', 'global', PROFILE_FIXED(10, 'MINUTES'))), value)
    is_alert: if parser_score > 3.5 then true else is_alert
triage: { rules: [ { name: far, rule: parser_score > 3.5, score: 10 } ] }
`;
  const PROFILES = {
    profiles: [
      {
        profile: "sketchy_mad",
        foreach: "'global'",
        onlyif: "true",
        init: {
          s: "OUTLIER_MAD_STATE_MERGE(PROFILE_GET('sketchy_mad', 'global', PROFILE_FIXED(5, 'MINUTES')))",
        },
        update: { s: "OUTLIER_MAD_ADD(s, value)" },
        result: "s",
      },
    ],
  };

  test("a value far away is an alert, noise is none", async () => {
    const platform = await opened(SENSOR, "mad", PROFILES);
    const next = gaussian();
    const begin = (Math.floor(Date.now() / MINUTE) - MINUTES) * MINUTE;
    for (let minute = 0; minute <= MINUTES; minute++) {
      const records = Array.from({ length: 60 }, (_, n) => `${next()},${begin + minute * MINUTE + n}`);
      await send(platform, records, "mad");
      await measured(platform, "sketchy_mad", minute);
    }
    const now = begin + MINUTES * MINUTE;
    await send(platform, [`1000,${now + 100}`, `0.5,${now + 101}`], "mad");
    await platform.caughtUp();
    const last = await found(platform, `timestamp:>=${now + 100}`, "mad");
    expect(
      last.map(({ value, is_alert, "threat.triage.score": score }) => [value, is_alert, score]).sort(),
    ).toEqual([
      [0.5, undefined, undefined],
      [1000, "true", 10],
    ]);
    expect((await found(platform, "is_alert:true", "mad")).length).toBeLessThanOrEqual(3);
  });
});

describe("logins from far away", { timeout: 120_000 }, () => {
  const SENSOR = `
sensor: auth
partitions: 1
parser: { csv: { columns: { user: 0, ip: 1, timestamp: 2 } } }
transforms:
  - STELLAR: { output: [hash, timestamp], config: { hash: GEOHASH_FROM_LOC(GEO_GET(ip)), timestamp: TO_LONG(timestamp) } }
enrichments:
  stellar:
    - geo_locations := MULTISET_MERGE(PROFILE_GET('locations_by_user', user, PROFILE_FIXED(10, 'MINUTES')))
    - geo_centroid := GEOHASH_CENTROID(geo_locations)
    - geo_distance := TO_INTEGER(GEOHASH_DIST(geo_centroid, hash))
    - geo_locations := null
threatIntel:
  stellar:
    - geo_distance_distr := STATS_MERGE(PROFILE_GET('geo_distribution_from_centroid', 'global', PROFILE_FIXED(10, 'MINUTES')))
    - dist_median := STATS_PERCENTILE(geo_distance_distr, 50.0)
    - dist_sd := STATS_SD(geo_distance_distr)
    - geo_outlier := ABS(dist_median - geo_distance) >= 5 * dist_sd
    - is_alert := is_alert || (geo_outlier != null && geo_outlier == true)
    - geo_distance_distr := null
triage:
  points: false
  rules:
    - name: Geographic Outlier
      rule: geo_outlier != null && geo_outlier
      score: 10
      reason: "FORMAT('user %s has a distance (%d) from the centroid of their last login is 5 std deviations (%f) from the median (%f)', user, geo_distance, dist_sd, dist_median)"
`;
  const PROFILES = {
    profiles: [
      {
        profile: "geo_distribution_from_centroid",
        foreach: "'global'",
        onlyif: "geo_distance != null",
        init: { s: "STATS_INIT()" },
        update: { s: "STATS_ADD(s, geo_distance)" },
        result: "s",
      },
      {
        profile: "locations_by_user",
        foreach: "user",
        onlyif: "hash != null && LENGTH(hash) > 0",
        init: { s: "MULTISET_INIT()" },
        update: { s: "MULTISET_ADD(s, hash)" },
        result: "s",
      },
    ],
  };

  test("raise an alert with its reason, those from nearby raise none", async () => {
    const platform = await opened(SENSOR, "auth", PROFILES);
    const begin = (Math.floor(Date.now() / MINUTE) - MINUTES) * MINUTE;
    const login = (user: string, ip: string, at: number) => `${user},${ip},${at}`;
    for (let minute = 0; minute <= MINUTES; minute++) {
      const records = Array.from({ length: 60 }, (_, n) => {
        const at = begin + minute * MINUTE + n * 100;
        const [third, fourth] = [(n * 37 + minute) % 256, (n * 11) % 256];
        return [
          login("user1", `173.90.${third}.${fourth}`, at),
          login("user2", `156.33.${third}.${fourth}`, at),
        ];
      }).flat();
      await send(platform, records, "auth");
      // Two users each minute. Those of the first are known when the second is over, so the distribution begins with the third.
      await measured(platform, "locations_by_user", 2 * minute);
      await measured(platform, "geo_distribution_from_centroid", Math.max(0, minute - 2));
    }
    const now = begin + MINUTES * MINUTE + 10_000;
    await send(
      platform,
      [login("user1", "109.252.227.173", now), login("user2", "156.33.241.5", now + 1)],
      "auth",
    );
    await platform.caughtUp();
    const [near, far] = (await found(platform, `timestamp:>=${now}`, "auth")).sort((one, other) =>
      String(one.user) < String(other.user) ? 1 : -1,
    );
    expect(far).toMatchObject({ user: "user1", is_alert: "true", "threat.triage.score": 10 });
    expect(Math.abs(Number(far?.geo_distance) - 7879)).toBeLessThan(300);
    expect(far?.["threat.triage.rules:0:reason"] ?? far?.["threat.triage.rules.0.reason"]).toMatch(
      /^user user1 has a distance \(\d+\)/,
    );
    expect(near).toMatchObject({ user: "user2" });
    expect(near?.is_alert).not.toBe("true");
  });
});
