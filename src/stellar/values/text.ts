/** Values as text, as Java prints them: `5.0`, `1.0E10`, `[1, a, null]`, `{k=v}`. */
import { Double, Float } from "../../core/number.ts";
import { checkTextSize, intoParts } from "./budget.ts";
import { Char, Lambda, StellarMap, StellarSet, type Value } from "./kinds.ts";

/** How deep nested collections print before they are cut to an ellipsis (a list can be put into itself). */
const MAX_DEPTH = 64;

/** The text of a value; null prints as `null`. */
export function toText(value: Value): string {
  return typeof value === "string" ? value : textOf(value, 0);
}

function textOf(value: Value, depth: number): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Double) return doubleText(value.value);
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof Char) return value.value;
  if (value instanceof Lambda) return `(${value.params.join(", ")}) -> ...`;
  if (depth > MAX_DEPTH) return "...";
  if (Array.isArray(value) || value instanceof StellarSet) {
    const size = Array.isArray(value) ? value.length : value.size;
    return intoParts(size, () => `[${joined(value, (element) => textOf(element, depth + 1))}]`);
  }
  if (value instanceof StellarMap) {
    const pair = ([key, entry]: [Value, Value]) => `${textOf(key, depth + 1)}=${textOf(entry, depth + 1)}`;
    return intoParts(value.size, () => `{${joined(value, pair)}}`);
  }
  return value.toText === undefined ? `<${value.stellarType}>` : value.toText();
}

/** Java trims everything up to U+0020 and nothing above; JavaScript's trim differs on both sides. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 32) start++;
  while (end > start && text.charCodeAt(end - 1) <= 32) end--;
  return text.slice(start, end);
}

function joined<T>(items: Iterable<T>, text: (item: T) => string): string {
  const parts: string[] = [];
  let length = 0;
  for (const item of items) {
    const part = text(item);
    length += part.length + 2;
    checkTextSize(length);
    parts.push(part);
  }
  return parts.join(", ");
}

/** A double as `Double.toString` prints it, mostly with the fewest digits that are read as the same number. */
function doubleText(value: number): string {
  return layOut(
    value,
    (magnitude) => wholeDigits(magnitude, 53) ?? atLeastTwo(magnitude, magnitude.toExponential()),
  );
}

/** A float as `Float.toString` prints it, mostly with the fewest digits that are read as the same number. */
function floatText(value: number): string {
  return layOut(value, (magnitude) => {
    const whole = wholeDigits(magnitude, 24);
    if (whole !== undefined) return whole;
    for (let digits = 0; digits < 9; digits++) {
      const text = magnitude.toExponential(digits);
      if (Math.fround(Number(text)) === magnitude) {
        return atLeastTwo(magnitude, toEven(magnitude, text, digits));
      }
    }
    return magnitude.toExponential();
  });
}

/**
 * Whole numbers that fit a long and have more bits than the type keeps: up to version 18 Java prints all decimal
 * digits that these bits are good for, one or two more than needed.
 */
function wholeDigits(magnitude: number, bits: number): string | undefined {
  if (magnitude < 2 ** (bits + 1) || magnitude >= 2 ** 63) return undefined;
  const whole = BigInt(magnitude);
  const surplus = whole.toString(2).length - bits - 2;
  const dropped = surplus > 1 ? Math.floor(surplus * Math.LOG10E * Math.LN2) : 0;
  const unit = 10n ** BigInt(dropped);
  const kept = String((whole + (dropped > 0 ? unit / 2n : 0n)) / unit);
  const digits = kept.replace(/0+$/, "").padEnd(2, "0");
  return `${digits[0]}.${digits.slice(1)}e${kept.length + dropped - 1}`;
}

/** JavaScript rounds a tie up, Java to the even digit. */
function toEven(magnitude: number, text: string, digits: number): string {
  const [mantissa = "", power = ""] = text.split("e");
  const last = Number(mantissa.at(-1));
  const rest = magnitude.toExponential(60).slice(digits + 2, 62);
  return last % 2 === 1 && /^50*$/.test(rest) ? `${mantissa.slice(0, -1)}${last - 1}e${power}` : text;
}

/** Java prints two digits even where one would do, and then the two that come closest (4.9E-324). */
function atLeastTwo(magnitude: number, shortest: string): string {
  return shortest.includes(".") ? shortest : magnitude.toExponential(1);
}

/** `exponential` gives the shortest digits as `d.ddde±n`; this puts the point where Java puts it. */
function layOut(value: number, exponential: (magnitude: number) => string): string {
  if (Number.isNaN(value)) return "NaN";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const magnitude = Math.abs(value);
  if (magnitude === Number.POSITIVE_INFINITY) return `${sign}Infinity`;
  if (magnitude === 0) return `${sign}0.0`;
  const [mantissa = "", power = "0"] = exponential(magnitude).split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(power);
  if (magnitude >= 1e7 || magnitude < 1e-3) {
    return `${sign}${digits[0]}.${digits.slice(1)}E${exponent}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits.replace(/0$/, "")}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}
