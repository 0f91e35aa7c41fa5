import type { Unit } from "../../schema/field.ts";
import type { Meaning } from "../../schema/meaning.ts";
import { meanings } from "../../schema/meanings.ts";
import { inSeconds, type ReadValue, readValue } from "../../schema/read.ts";
import { timeText } from "./clock.ts";

const STEPS = ["kB", "MB", "GB", "TB", "PB"] as const;
const SIGNS: Readonly<Record<Unit, string>> = { ns: "ns", us: "µs", ms: "ms", s: "s", min: "min" };
/** Units of long durations, in seconds. */
const SPANS = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
] as const;
const SHORTEST_SPAN = 60;
/** Milliseconds that stand for a time people log: from 1973 to 5138. Other numbers are shown as they are. */
const TIMES = { from: 1e11, to: 1e14 };

/** What is declared of a field that its values are shown by. */
type Measure = { readonly meaning?: Meaning | undefined; readonly unit?: Unit | undefined };

/**
 * A value as a person reads it, by what is declared of its field: bytes with their size, counts with groups of digits,
 * durations with their unit, instants as times. Undefined when it is shown as it is, and when it does not fit.
 */
export function measured(value: unknown, field: Measure | undefined): string | undefined {
  if (field?.meaning === undefined) return undefined;
  const { shown } = meanings[field.meaning];
  const number = shown === "plain" ? undefined : numberIn(readValue(value, field.meaning));
  if (number === undefined) return undefined;
  if (shown === "size") return bytesText(number);
  if (shown === "grouped") return grouped(number);
  if (shown === "duration") return durationText(number, field.unit);
  return instantText(number, field.unit);
}

/** A number of bytes to the last digit, with the size a person has a feeling for: `41,386,587 B (41.4 MB)`. */
export function bytesText(bytes: number | bigint): string {
  const exact = `${grouped(bytes)} B`;
  const size = sizeText(bytes);
  return size === exact ? exact : `${exact} (${size})`;
}

/** A number of bytes as a size a person has a feeling for: `41.4 MB`. */
export function sizeText(bytes: number | bigint): string {
  const size = Number(bytes);
  const step = Math.min(STEPS.length, Math.floor(Math.log10(Math.max(1, Math.abs(size))) / 3));
  return step === 0 ? `${grouped(bytes)} B` : `${(size / 1000 ** step).toFixed(1)} ${STEPS[step - 1]}`;
}

/** A duration to the last digit, and what it is in days, hours and minutes: `5,400 s (1 h 30 min)`. */
function durationText(value: number | bigint, unit: Unit | undefined): string {
  if (unit === undefined) return grouped(value);
  const exact = `${grouped(value)} ${SIGNS[unit]}`;
  const total = inSeconds(value, unit);
  if (total < SHORTEST_SPAN) return exact;
  let rest = Math.round(total);
  const parts: string[] = [];
  for (const [sign, seconds] of SPANS) {
    const whole = Math.floor(rest / seconds);
    rest -= whole * seconds;
    if (whole > 0) parts.push(`${whole} ${sign}`);
  }
  return `${exact} (${parts.slice(0, 2).join(" ")})`;
}

/** A time; of one that is not in milliseconds the number too, which may be more exact. */
function instantText(value: number | bigint, unit: Unit | undefined): string | undefined {
  const time = unit === undefined ? Number(value) : inSeconds(value, unit) * 1000;
  if (time < TIMES.from || time >= TIMES.to) return undefined;
  return unit === undefined ? timeText(time) : `${timeText(time)} (${value} ${SIGNS[unit]})`;
}

function grouped(value: number | bigint): string {
  return value.toLocaleString("en", { maximumFractionDigits: 20 });
}

function numberIn(value: ReadValue | undefined): number | bigint | undefined {
  return typeof value === "number" || typeof value === "bigint" ? value : undefined;
}
