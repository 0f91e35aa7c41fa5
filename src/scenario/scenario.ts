import { type Company, makeCompany } from "./company.ts";
import { intrude } from "./intrusion.ts";
import type { Talk } from "./packets/talk.ts";
import { random } from "./random.ts";
import { activity, ordinary, type Telemetry, type World } from "./traffic.ts";

export type ScenarioOptions = {
  /** The same seed makes the same telemetry, byte for byte. */
  readonly seed: number;
  /** Workstations of the company. */
  readonly hosts: number;
  /** First moment, epoch ms. */
  readonly start: number;
  /** How long the story lasts, ms. */
  readonly duration: number;
  /** Records a second in the busiest hour, on average. */
  readonly rate: number;
  /** Whether the intrusion takes place. */
  readonly intrusion: boolean;
};

export const DEFAULTS: ScenarioOptions = {
  seed: 7,
  hosts: 120,
  start: Date.UTC(2026, 10, 19, 7, 0, 0),
  duration: 8 * 3_600_000,
  rate: 4,
  intrusion: true,
};

/** The sensors whose telemetry the scenario invents. */
export const SENSORS = ["asa", "bro", "snort", "squid", "suricata", "syslog"] as const;

/** Records that one ordinary event makes on average, over all sensors (measured by scenario.test.ts). */
export const RECORDS_PER_HAPPENING = 3.6;

/** Hears of a conversation, and whether it is of the intrusion. */
export type Tap = (talk: Talk, isIntrusion: boolean) => void;

/** The company of a scenario, for its asset list. */
export function companyOf(options: ScenarioOptions): Company {
  return makeCompany(random(options.seed), options.hosts);
}

/**
 * The telemetry of a company's day, in order of time, with an intrusion hidden in it.
 * Generated slice by slice: memory holds no more than what is still to come of the last few minutes. A tap hears of the conversations
 * behind it, those of the intrusion first.
 */
export function* generate(options: ScenarioOptions, tap?: Tap): Generator<Telemetry> {
  const pending: Telemetry[][] = [];
  const end = options.start + options.duration;
  const slots = Math.ceil(options.duration / SLOT) + 1;
  const emit = (telemetry: Telemetry) => {
    const slot = Math.max(0, Math.floor((telemetry.time - options.start) / SLOT));
    if (slot >= slots) return;
    const due = pending[slot];
    if (due === undefined) pending[slot] = [telemetry];
    else due.push(telemetry);
  };
  const company = companyOf(options);
  const world: World = {
    company,
    random: random(options.seed ^ 0x5eed),
    emit,
    tap: tap && ((talk) => tap(talk, false)),
  };
  if (options.intrusion) {
    intrude(
      { company, random: random(options.seed ^ 0xbad), emit, tap: tap && ((talk) => tap(talk, true)) },
      options.start + options.duration * 0.15,
      end - options.duration * 0.05,
    );
  }
  const mean = (1000 * RECORDS_PER_HAPPENING) / options.rate;
  let next = options.start + world.random.exponential(mean);
  for (let slot = 0; slot < slots; slot++) {
    const until = Math.min(end, options.start + (slot + 1) * SLOT);
    while (next < until) {
      ordinary(world, Math.round(next));
      next += world.random.exponential(mean / activity(next));
    }
    const due = pending[slot];
    if (due === undefined) continue;
    delete pending[slot];
    due.sort((one, other) => one.time - other.time);
    yield* due;
  }
}

/** Milliseconds of story that are sorted at once. */
const SLOT = 10_000;
