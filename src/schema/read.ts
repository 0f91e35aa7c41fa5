import { canonical } from "./canonical.ts";
import type { Unit } from "./field.ts";
import type { Meaning } from "./meaning.ts";
import { meanings } from "./meanings.ts";
import { numberOf } from "./number-of.ts";

/** A value as its meaning sees it: a number where numbers are compared, a truth, or else the canonical text. */
export type ReadValue = number | bigint | boolean | string;

/**
 * Reads a value of a message, whichever type the sensor gives it: a port is a number also where the sensor writes text.
 * Undefined when it does not fit the meaning; `banana` is no address. A number of more than 53 bits is a bigint.
 */
export function readValue(value: unknown, meaning: Meaning): ReadValue | undefined {
  const text = textOf(value);
  const form = text === undefined ? undefined : canonical(text, meaning);
  if (form === undefined) return undefined;
  if (meaning === "truth") return form === "true";
  if (meanings[meaning].order !== "numbers") return form;
  const number = numberOf(form);
  return typeof number === "bigint" && Number.isSafeInteger(Number(number)) ? Number(number) : number;
}

const IN_SECONDS: Readonly<Record<Unit, number>> = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1, min: 60 };

/** A duration, or an instant since 1970, in seconds. */
export function inSeconds(value: number | bigint, unit: Unit): number {
  return Number(value) * IN_SECONDS[unit];
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? String(value)
    : undefined;
}
