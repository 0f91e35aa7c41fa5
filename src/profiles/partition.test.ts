import { describe, expect, test } from "vitest";
import { readProfiles } from "../config/profiles.ts";
import { Double } from "../core/number.ts";
import { Profiled } from "./testing/routed.ts";

const MINUTE = 60_000;
/** The begin of a period. */
const BEGIN = 1_700_000_040_000;
const PERIOD = BEGIN / MINUTE;

const profiledBy = (text: string) => new Profiled(readProfiles(text).profiles);

const at = (minute: number, more: object) => ({ timestamp: BEGIN + minute * MINUTE, ...more });

const counting = (settings: string, more = "") => `
period: 1 minute
${settings}
profiles:
  - profile: count
    foreach: ip
    init: { count: 0 }
    update: { count: count + 1 }
    result: count
    ${more}
`;
const EVENT = "timestampField: timestamp\nlateness: none";

describe("periods", () => {
  test("end when time has passed them, each entity by itself, and are told in the order of their groups", async () => {
    const profiled = profiledBy(`
timestampField: timestamp
period: 1 minute
lateness: none
profiles:
  - profile: bytes
    foreach: ip
    onlyif: bytes > 0
    init: { sum: 0 }
    update: { sum: sum + bytes, largest: "MAX([largest, bytes])" }
    groupBy: [ "if result > 10 then 'much' else 'little'", "end - start" ]
    result: { profile: sum, triage: { sum: sum, largest: largest, list: "[1]" } }
`);
    profiled.now = BEGIN;
    await profiled.send([
      at(0, { ip: "a", bytes: 5 }),
      at(0.5, { ip: "b", bytes: 7 }),
      at(0.9, { ip: "a", bytes: 6 }),
      at(0.9, { ip: "a", bytes: 0 }),
      at(1, { ip: "a", bytes: 3 }),
    ]);
    await profiled.save();
    expect(profiled.measured).toEqual({
      [`bytes a much 60000 ${PERIOD}`]: 11,
      [`bytes b little 60000 ${PERIOD}`]: 7,
    });
    await profiled.send([at(2, { ip: "c", bytes: 1 })]);
    await profiled.save();
    // `sum` began anew, `largest` outlived the period.
    expect(profiled.measured).toMatchObject({ [`bytes a little 60000 ${PERIOD + 1}`]: 3 });
    expect(profiled.triage).toMatchObject([
      {
        ...{ profile: "bytes", entity: "a", period: PERIOD, sum: 11, largest: 6, is_alert: "true" },
        ...{
          "period.start": BEGIN,
          "period.end": BEGIN + MINUTE,
          "source.type": "profiler",
          timestamp: BEGIN,
        },
      },
      { entity: "b", sum: 7, largest: 7 },
      { entity: "a", sum: 3, largest: 6 },
    ]);
    expect(profiled.triage.some((message) => "list" in message)).toBe(false);
    expect(profiled.counts.get("bytes")?.lastError?.message).toContain("`list`");
  });

  test("wait for messages that are late, and those of the next period wait for them", async () => {
    const profiled = profiledBy(counting("timestampField: timestamp\nlateness: 1 minute"));
    profiled.now = BEGIN;
    await profiled.send([
      at(0, { ip: "a" }),
      at(1.5, { ip: "a" }),
      at(0.5, { ip: "a" }),
      at(1.9, { ip: "a" }),
    ]);
    await profiled.save();
    expect(profiled.measured).toEqual({});
    await profiled.send([at(2, { ip: "b" }), at(0.9, { ip: "a" })]);
    await profiled.send([at(3, { ip: "b" })]);
    await profiled.save();
    expect(profiled.measured).toEqual({ [`count a ${PERIOD}`]: 2, [`count a ${PERIOD + 1}`]: 2 });
    expect(profiled.counts.get("count")).toMatchObject({ routed: 7, applied: 5, late: 1 });
    // Also for an entity that has been measured since, and for one that is new.
    await profiled.send([at(5, { ip: "b" }), at(1.9, { ip: "a" }), at(1.9, { ip: "c" })]);
    expect(profiled.counts.get("count")).toMatchObject({ late: 3 });
  });

  test("by the clock end by its ticks; without messages there is no measurement", async () => {
    const profiled = profiledBy(counting("lateness: none"));
    profiled.now = BEGIN;
    await profiled.send([{ ip: "a" }, { ip: "a" }]);
    expect(profiled.partition.dueAt).toBe(BEGIN + MINUTE);
    await profiled.tick(BEGIN + MINUTE);
    await profiled.tick(BEGIN + 3 * MINUTE);
    profiled.now = BEGIN + 4 * MINUTE;
    await profiled.send([{ ip: "a" }]);
    await profiled.tick(BEGIN + 5 * MINUTE);
    await profiled.save();
    expect(profiled.measured).toEqual({ [`count a ${PERIOD}`]: 2, [`count a ${PERIOD + 4}`]: 1 });
  });

  test("a clock that jumped ahead and is right again makes nothing late", async () => {
    const profiled = profiledBy(counting("lateness: none"));
    const year = 365 * 24 * 60 * MINUTE;
    profiled.now = BEGIN + year;
    await profiled.send([{ ip: "a" }]);
    profiled.now = BEGIN;
    await profiled.send([{ ip: "b" }]);
    await profiled.tick(BEGIN + MINUTE);
    await profiled.save();
    expect(profiled.measured).toEqual({
      [`count b ${PERIOD}`]: 1,
      [`count a ${PERIOD + year / MINUTE}`]: 1,
    });
    expect(profiled.counts.get("count")).toMatchObject({ late: 0 });
  });
});

describe("is counted and left out:", () => {
  test("a message ahead of the clock, which would end the periods of all, and one without a time", async () => {
    const profiled = profiledBy(counting(EVENT));
    profiled.now = BEGIN;
    await profiled.send([
      at(0, { ip: "a" }),
      at(10.1, { ip: "a" }),
      { ip: "a" },
      { timestamp: "never", ip: "a" },
      { timestamp: -1, ip: "a" },
      { timestamp: String(BEGIN), ip: "a" },
    ]);
    expect(profiled.counts.get("count")).toMatchObject({ routed: 2, ahead: 1, timeless: 3, applied: 2 });
  });

  test("an expression that fails, at that message alone, and the last error is told", async () => {
    const profiled = profiledBy(`
timestampField: timestamp
period: 1 minute
lateness: none
profiles:
  - profile: ratio
    foreach: ip
    onlyif: good
    init: { sum: 0 }
    update: { sum: sum + 10 / n }
    result: "if ip == 'none' then null else sum / 0"
  - { profile: count, foreach: ip, init: { n: 0 }, update: { n: n + 1 }, result: n / 0.0 }
`);
    profiled.now = BEGIN;
    await profiled.send([
      at(0, { ip: "a", good: true, n: 5 }),
      at(0, { ip: "a", good: true, n: 0 }),
      at(0, { ip: "a", good: "yes", n: 2 }),
      at(0, { ip: "a", good: "perhaps", n: 1 }),
      at(0, { good: true, n: 1 }),
      at(1, { ip: "b", good: false }),
      at(1, { ip: "b", good: true, n: 1 }),
    ]);
    await profiled.save();
    expect(profiled.counts.get("ratio")).toMatchObject({
      ...{ routed: 4, applied: 3, failed: 4, measured: 0, unmeasured: 1 },
    });
    expect(profiled.counts.get("ratio")?.lastError?.message).toMatch("ratio: ");
    // A double divided by zero is a value.
    expect(profiled.measured).toEqual({ [`count a ${PERIOD}`]: new Double(Number.POSITIVE_INFINITY) });
  });

  test("an entity beyond the limit; those that are silent for too long leave, once they are measured", async () => {
    const profiled = profiledBy(counting(`${EVENT}\nttl: 4 minutes\nmaxEntities: 2`));
    profiled.now = BEGIN;
    await profiled.send([at(0, { ip: "a" }), at(0, { ip: "b" }), at(0, { ip: "c" })]);
    expect(profiled.counts.get("count")).toMatchObject({ applied: 2, refused: 1 });
    await profiled.save();
    profiled.now = BEGIN + 2 * MINUTE;
    await profiled.send([at(2, { ip: "b" })]);
    await profiled.tick(BEGIN + 4 * MINUTE);
    expect(profiled.partition.entities).toBe(1);
    await profiled.send([at(2, { ip: "c" })]);
    await profiled.save();
    expect(profiled.measured).toEqual({ [`count a ${PERIOD}`]: 1, [`count b ${PERIOD}`]: 1 });
    expect(profiled.counts.get("count")).toMatchObject({ applied: 4, refused: 1 });
    // Who left is not stored any more.
    await profiled.crash();
    expect(profiled.partition.entities).toBe(2);
  });

  test("what comes of a period that was measured because its entity was silent, over a restart too", async () => {
    const profiled = profiledBy(counting(`${EVENT}\nttl: 4 minutes`));
    profiled.now = BEGIN;
    await profiled.send([at(0.1, { ip: "a" }), at(0.2, { ip: "a" })]);
    // The time of messages stands still.
    await profiled.tick(BEGIN + 4 * MINUTE);
    await profiled.tick(BEGIN + 8 * MINUTE);
    await profiled.save();
    expect(profiled.measured).toEqual({ [`count a ${PERIOD}`]: 2 });
    await profiled.crash();
    profiled.now = BEGIN + 9 * MINUTE;
    await profiled.send([at(0.3, { ip: "a" }), at(0.4, { ip: "b" }), at(1, { ip: "a" }), at(2, { ip: "c" })]);
    await profiled.save();
    expect(profiled.measured).toEqual({
      ...{ [`count a ${PERIOD}`]: 2, [`count b ${PERIOD}`]: 1, [`count a ${PERIOD + 1}`]: 1 },
    });
    expect(profiled.counts.get("count")).toMatchObject({ late: 1 });
    await profiled.tick(BEGIN + 20 * MINUTE);
    expect(profiled.partition.entities).toBe(1);
  });

  test("what comes of a period that a clock ahead has ended, once the clock is right again", async () => {
    const profiled = profiledBy(counting(EVENT));
    profiled.now = BEGIN;
    await profiled.send([at(0, { ip: "a" }), at(0, { ip: "a" })]);
    profiled.now = BEGIN + 120 * MINUTE;
    await profiled.send([at(120, { ip: "b" })]);
    profiled.now = BEGIN + 0.5 * MINUTE;
    await profiled.send([at(0.5, { ip: "a" }), at(1, { ip: "a" }), at(2, { ip: "a" })]);
    await profiled.save();
    expect(profiled.measured).toMatchObject({ [`count a ${PERIOD}`]: 2, [`count a ${PERIOD + 1}`]: 1 });
    expect(profiled.counts.get("count")).toMatchObject({ late: 1 });
  });

  test("entities that are silent leave, also where other messages come without a pause", async () => {
    const profiled = profiledBy(counting(`${EVENT}\nttl: 4 minutes`));
    for (let minute = 0; minute < 12; minute++) {
      profiled.now = BEGIN + minute * MINUTE;
      await profiled.send([at(minute, { ip: "busy" }), at(minute, { ip: `once ${minute}` })]);
    }
    expect(profiled.partition.entities).toBeLessThan(7);
    await profiled.save();
    expect(profiled.measured).toMatchObject({ [`count once 0 ${PERIOD}`]: 1 });
  });

  test("an entity whose variables have grown too large to be stored begins anew", async () => {
    const profiled = profiledBy(`
timestampField: timestamp
period: 1 minute
profiles: [ { profile: all, foreach: ip, init: { l: "[]" }, update: { l: "LIST_ADD(l, text)" }, result: LENGTH(l) } ]
`);
    profiled.now = BEGIN;
    const text = "x".repeat(300_000);
    await profiled.send(Array.from({ length: 4 }, () => at(0, { ip: "a", text })));
    await profiled.save();
    expect(profiled.counts.get("all")).toMatchObject({ applied: 4, outgrown: 1 });
    expect(profiled.counts.get("all")?.lastError?.message).toMatch("1048576 is the most");
    expect(profiled.partition.entities).toBe(0);
  });
});

test("a busy entity loses nothing at the end of a period by the clock", async () => {
  const profiled = profiledBy(counting(""));
  for (let second = 55; second <= 70; second++) {
    profiled.now = BEGIN + second * 1000;
    await profiled.send(Array.from({ length: 400 }, () => ({ ip: "a" })));
  }
  await profiled.save();
  expect(profiled.measured).toEqual({ [`count a ${PERIOD}`]: 2000 });
  expect(profiled.counts.get("count")).toMatchObject({ late: 0, refused: 0 });
});

test.each(["", EVENT])(
  "once a clock that had jumped ahead is right again, entities it saw count as before: %s",
  async (settings) => {
    const profiled = profiledBy(counting(settings));
    const send = (day: number, minute: number) => {
      profiled.now = BEGIN + day * 86_400_000 + minute * MINUTE;
      return profiled.send([{ timestamp: profiled.now, ip: "a" }]);
    };
    await send(0, 0);
    await send(30, 0);
    for (const minute of [1, 1, 2, 3.5]) await send(0, minute);
    await profiled.save();
    expect(profiled.measured).toEqual({
      [`count a ${PERIOD}`]: 1,
      [`count a ${PERIOD + 30 * 1440}`]: 1,
      [`count a ${PERIOD + 1}`]: 2,
      [`count a ${PERIOD + 2}`]: 1,
    });
    expect(profiled.counts.get("count")).toMatchObject({ late: 0 });
  },
);

describe("what is large", () => {
  test("waits for its period up to a megabyte; measurements and messages for triage beyond one are left out", async () => {
    const profiled = profiledBy(`
timestampField: timestamp
period: 1 minute
lateness: 1 minute
profiles:
  - profile: large
    foreach: ip
    init: { n: 0, t: "''" }
    update: { n: n + 1, t: text }
    result: { profile: "if LENGTH(t) > 2 then FILL_LEFT('', 'x', 2000000) else n", triage: { t: "if LENGTH(t) == 2 then FILL_LEFT('', 'x', 2000000) else 'short'" } }
`);
    profiled.now = BEGIN;
    const text = "x".repeat(400_000);
    await profiled.send([
      at(0, { ip: "a", text: "x" }),
      ...Array.from({ length: 4 }, () => at(1, { ip: "a", text })),
      at(0, { ip: "b", text: "xx" }),
    ]);
    expect(profiled.counts.get("large")).toMatchObject({ applied: 2, refused: 2 });
    await profiled.send([at(4, { ip: "c", text: "x" })]);
    await profiled.save();
    expect(profiled.measured).toEqual({ [`large a ${PERIOD}`]: 1, [`large b ${PERIOD}`]: 1 });
    expect(profiled.triage).toMatchObject([{ entity: "a", t: "short" }]);
    expect(profiled.counts.get("large")).toMatchObject({ measured: 2, unmeasured: 1, failed: 2 });
    expect(profiled.counts.get("large")?.lastError?.message).toMatch("is not kept; 1048576 is the most");
  });
});

describe("a definition that changes", () => {
  test("begins anew, and the others keep what they counted", async () => {
    const two = (step: number) => `${counting(EVENT)}
  - { profile: other, foreach: ip, init: { n: 0 }, update: { n: n + ${step} }, result: n }
`;
    const profiled = profiledBy(two(1));
    profiled.now = BEGIN;
    await profiled.send([at(0, { ip: "a" }), at(0, { ip: "a" })]);
    profiled.configure(readProfiles(two(10)).profiles);
    await profiled.send([at(0, { ip: "a" })]);
    await profiled.save();
    await profiled.crash();
    await profiled.send([at(1, { ip: "a" })]);
    await profiled.save();
    expect(profiled.measured).toEqual({ [`count a ${PERIOD}`]: 3, [`other a ${PERIOD}`]: 10 });
  });
});

describe("after a kill", () => {
  test("what was routed twice is counted once, also when its blocks are others", async () => {
    const profiled = profiledBy(counting(EVENT));
    profiled.now = BEGIN;
    const messages = Array.from({ length: 10 }, () => at(0, { ip: "a" }));
    await profiled.take(profiled.route(messages.slice(0, 4), 0));
    await profiled.take(profiled.route(messages.slice(4, 6), 4));
    // The router is killed before it notes how far it came, and reads from 2 on.
    await profiled.take(profiled.route(messages.slice(2, 9), 2));
    await profiled.take(profiled.route(messages.slice(9), 9));
    expect(profiled.counts.get("count")).toMatchObject({ applied: 10 });
  });

  test("the same routes give the same bytes, wherever the last checkpoint was", async () => {
    const text = `
timestampField: timestamp
period: 1 minute
lateness: 1 minute
ttl: 3 minutes
profiles:
  - profile: sketches
    foreach: ip
    init: { seen: HLLP_INIT(), stats: STATS_INIT(), count: 0 }
    update: { seen: "HLLP_ADD(seen, host)", stats: "STATS_ADD(stats, n)", count: count + 1, names: "MULTISET_ADD(names, host)" }
    result: { profile: "[HLLP_CARDINALITY(seen), STATS_MEAN(stats), count, LENGTH(names), seen, stats]", triage: { count: count } }
  - { profile: clocks, foreach: "'global'", update: { last: "GET_LAST(MAP(PROFILE_FIXED(1, 'MINUTES'), p -> TO_STRING(p)))", all: LENGTH(_) }, result: "[all, last]" }
`;
    const run = async (saves: (step: number) => boolean) => {
      const profiled = profiledBy(text);
      const checkpoints: unknown[] = [];
      let random = 7;
      for (let step = 0; step < 60; step++) {
        profiled.now = BEGIN + step * 10_000;
        const messages = Array.from({ length: 20 }, () => {
          random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
          const [late, ip, host] = [
            random % 90_000,
            `10.0.0.${(random >>> 8) % 9}`,
            `h${(random >>> 16) % 40}`,
          ];
          return { timestamp: profiled.now - late, ip, host, n: (random >>> 4) % 1000 };
        });
        await profiled.send(messages);
        if (step % 7 === 0) await profiled.tick(profiled.now);
        if (!saves(step)) continue;
        checkpoints.push(await profiled.save());
        await profiled.crash();
      }
      await profiled.tick(BEGIN + 3_600_000);
      await profiled.save();
      // Entities of one period are measured in no order.
      const triage = profiled.triage.map(({ guid }) => String(guid)).sort();
      return { measured: JSON.parse(JSON.stringify(profiled.measured, plain)) as object, triage };
    };
    const once = await run(() => false);
    expect(Object.keys(once.measured).length).toBeGreaterThan(60);
    expect(JSON.stringify(once.measured)).toContain("ProfilePeriod{period=1888889,");
    for (const every of [1, 3, 11]) expect(await run((step) => step % every === 0)).toEqual(once);
  });
});

/** Whatever the order of keys; 64 bits as text. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
