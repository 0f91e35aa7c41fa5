import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { readGlobal } from "../config/global.ts";
import { LOCAL } from "../core/actor.ts";
import { blockOf } from "../core/block.ts";
import type { Platform } from "../platform/platform.ts";
import { indicatorList } from "../scenario/adversary.ts";
import { assetList } from "../scenario/company.ts";
import { openCaptureTap } from "../scenario/packets/capture.ts";
import { captureFile } from "../scenario/packets/capture-file.ts";
import { companyOf, DEFAULTS, generate, type ScenarioOptions } from "../scenario/scenario.ts";

/** Records of one sensor that are handed over together. */
const BLOCK = 2000;
const LIVE_RATE = 6;

/**
 * Plays the bundled scenario into an empty platform: the lists first, then the eight hours that end now, as fast as
 * they are taken in; after that the company goes on working, record by record, so that the page is alive.
 */
export async function playDemo(platform: Platform): Promise<void> {
  const { clock, signal } = platform.context;
  const story: ScenarioOptions = { ...DEFAULTS, start: clock.now() - DEFAULTS.duration };
  const progress = platform.scenario;
  progress.played = true;
  // Until it is known whether there is a story to play, nobody may take it for finished.
  progress.state = "playing";
  progress.seed = `seed ${story.seed}, ${story.hosts} workstations`;
  if ((await platform.storedSensors()).length === 0) {
    await loadLists(platform, story);
    await platform.ready();
    await playPast(platform, story);
    await stored(platform, signal);
  } else await platform.ready();
  progress.state = "finished";
  await playOn(
    platform,
    {
      ...story,
      seed: story.seed + 1,
      start: clock.now(),
      duration: 365 * 86_400_000,
      rate: LIVE_RATE,
      intrusion: false,
    },
    signal,
  );
}

/** Publishes the company's machines as known hosts and loads the indicators. */
async function loadLists(platform: Platform, story: ScenarioOptions): Promise<void> {
  const rows = indicatorList(1000);
  for (const type of new Set(rows.map((row) => row.type))) {
    const lines = rows
      .filter((row) => row.type === type)
      .map((row) => `${row.indicator},${row.source},${row.comment}\n`);
    const input = Readable.from(["indicator,source,comment\n", ...lines]);
    await platform.intel.load({ actor: LOCAL, type, column: "indicator", replace: true, input });
  }
  const current = platform.config.get("global", "global")?.text ?? "";
  const document = { ...readGlobal(current, "global"), hosts: assetList(companyOf(story)) };
  const at = platform.context.clock.now();
  const text = stringify(JSON.parse(JSON.stringify(document)));
  await platform.publish([{ kind: "global", name: "global", text }], {
    author: "demo",
    at,
    note: "Machines of the scenario's company.",
  });
}

/** Tells the past, then hands over the packets of its intrusion: without flows, as Zeek's logs are there already. */
async function playPast(platform: Platform, story: ScenarioOptions): Promise<void> {
  const tap = openCaptureTap(story);
  const waiting = new Map<string, string[]>();
  const flush = async (sensor: string, records: string[]) => {
    await platform.ingest(sensor, blockOf(records, platform.context.clock.now()));
    platform.scenario.sent += records.length;
    records.length = 0;
  };
  for (const { sensor, record } of generate(story, tap.hear)) {
    let records = waiting.get(sensor);
    if (records === undefined) {
      records = [];
      waiting.set(sensor, records);
    }
    records.push(record);
    platform.scenario.total++;
    if (records.length >= BLOCK) await flush(sensor, records);
  }
  for (const [sensor, records] of waiting) if (records.length > 0) await flush(sensor, records);
  const bytes = captureFile(story, tap.packets());
  const capture = platform.captures.take("pcap", {
    ...{ name: "scenario.pcapng", by: LOCAL.name, input: { kind: "stream", bytes }, packetsOnly: true },
  });
  await capture.done;
}

/** Waits until everything that was handed over is in the index or rejected. */
async function stored(platform: Platform, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await platform.sensorStates()).some(({ lag }) => lag > 0))
    await sleep(100, undefined, { ref: false });
}

async function playOn(platform: Platform, story: ScenarioOptions, signal: AbortSignal): Promise<void> {
  for (const { time, sensor, record } of generate(story)) {
    const wait = time - platform.context.clock.now();
    if (wait > 0) await sleep(wait, undefined, { ref: false });
    if (signal.aborted) return;
    await platform.ingest(sensor, blockOf([record], platform.context.clock.now()));
    platform.scenario.sent++;
  }
}
