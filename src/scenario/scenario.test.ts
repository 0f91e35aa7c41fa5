import { expect, test } from "vitest";
import { ADVERSARY, indicatorList } from "./adversary.ts";
import { assetList } from "./company.ts";
import { STAGES } from "./intrusion.ts";
import { companyOf, DEFAULTS, generate, RECORDS_PER_HAPPENING, type ScenarioOptions } from "./scenario.ts";

const short: ScenarioOptions = {
  ...DEFAULTS,
  hosts: 30,
  duration: 3_600_000,
  start: Date.UTC(2026, 10, 19, 9),
  rate: 5,
};

test("the same seed gives the same day, another seed another", () => {
  const text = (options: ScenarioOptions) => [...generate(options)].map((entry) => entry.record).join("\n");
  expect(text(short)).toBe(text(short));
  expect(text(short)).not.toBe(text({ ...short, seed: 8 }));
});

test("telemetry comes in order of time, from every sensor, at about the rate asked for", () => {
  const all = [...generate({ ...short, intrusion: false })];
  expect(all.every((entry, index) => index === 0 || (all[index - 1]?.time ?? 0) <= entry.time)).toBe(true);
  expect(new Set(all.map((entry) => entry.sensor))).toEqual(
    new Set(["bro", "squid", "asa", "suricata", "snort", "syslog"]),
  );
  const rate = all.length / 3600;
  expect(rate).toBeGreaterThan(3.5);
  expect(rate).toBeLessThan(6);
  expect(RECORDS_PER_HAPPENING).toBeGreaterThan(1);
});

test("the intrusion has all its stages, in their order, and is a small part of the whole", () => {
  const all = [...generate(short)];
  const firsts = STAGES.map(({ name }) => all.findIndex((entry) => entry.stage === name));
  expect(firsts.every((index) => index >= 0)).toBe(true);
  expect([...firsts].sort((one, other) => one - other)).toEqual(firsts);
  const marked = all.filter((entry) => entry.stage !== undefined).length;
  expect(marked / all.length).toBeLessThan(0.1);
});

test("the lists name the adversary and the machines", () => {
  const indicators = indicatorList(1000);
  expect(indicators.map((entry) => entry.indicator)).toContain(ADVERSARY.controlIp);
  expect(new Set(indicators.map((entry) => entry.indicator)).size).toBe(indicators.length);
  const assets = assetList(companyOf(short));
  expect(assets.filter((asset) => asset.asset_value === "critical").map((asset) => asset.ip)).toContain(
    "10.20.0.11",
  );
});

test("Zeek records are JSON with the log type as their only key", () => {
  for (const { sensor, record } of generate(short)) {
    if (sensor !== "bro") continue;
    const parsed = JSON.parse(record) as Record<string, Record<string, unknown>>;
    expect(Object.keys(parsed)).toHaveLength(1);
    expect(Object.values(parsed)[0]).toHaveProperty("ts");
  }
});
