/**
 * Decimal digits of a double, rounded half up from the shortest text that is read as the same number. That is how Java's Formatter
 * rounds: 2.0005 to three places is 2.001, although the binary value is below the tie.
 */

/** `digits` without a point; the value is 0.digits × 10^exponent. `magnitude` must be finite and not negative. */
type Decimal = { readonly digits: string; readonly exponent: number };

function decimalOf(magnitude: number): Decimal {
  if (magnitude === 0) return { digits: "0", exponent: 1 };
  const [mantissa = "", power = "0"] = magnitude.toExponential().split("e");
  return { digits: mantissa.replace(".", ""), exponent: Number(power) + 1 };
}

/** Keeps `count` digits (0 or less may leave none), half up. The exponent grows when 9.99 becomes 10. */
function roundDigits({ digits, exponent }: Decimal, count: number): Decimal {
  if (count >= digits.length) return { digits, exponent };
  if (count < 0) return { digits: "", exponent };
  const kept = digits.slice(0, count);
  if (digits.charCodeAt(count) < 53) return { digits: kept, exponent };
  const raised = String(BigInt(`0${kept}`) + 1n).padStart(count, "0");
  return raised.length > count
    ? { digits: raised.slice(0, Math.max(count, 1)), exponent: exponent + 1 }
    : { digits: raised, exponent };
}

/** Plain notation with exactly `places` digits after the point. */
export function fixedText(magnitude: number, places: number): string {
  const decimal = decimalOf(magnitude);
  const { digits, exponent } = roundDigits(decimal, decimal.exponent + places);
  const whole = exponent > 0 ? digits.slice(0, exponent).padEnd(exponent, "0") : "0";
  if (places === 0) return whole;
  const fraction = exponent > 0 ? digits.slice(exponent) : "0".repeat(Math.min(-exponent, places)) + digits;
  return `${whole}.${fraction.padEnd(places, "0")}`;
}

/** Scientific notation with exactly `places` digits after the point: `1.50e+03`. */
export function scientificText(magnitude: number, places: number): string {
  const { digits, exponent } = roundDigits(decimalOf(magnitude), places + 1);
  const power = magnitude === 0 ? 0 : exponent - 1;
  const fraction = places === 0 ? "" : `.${digits.slice(1).padEnd(places, "0")}`;
  const sign = power < 0 ? "-" : "+";
  return `${digits.charAt(0)}${fraction}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** The shorter of both with `precision` significant digits, as the conversion `g` chooses. */
export function generalText(magnitude: number, precision: number): string {
  if (magnitude === 0) return fixedText(0, precision - 1);
  const { exponent } = roundDigits(decimalOf(magnitude), precision);
  if (exponent - 1 < -4 || exponent > precision) return scientificText(magnitude, precision - 1);
  return fixedText(magnitude, precision - exponent);
}

/** Hexadecimal notation, as `Double.toHexString`, or with `places` hexadecimal digits. */
export function hexText(magnitude: number, places: number | undefined): string {
  if (magnitude === 0) return `0x0.${"0".repeat(Math.max(places ?? 1, 1))}p0`;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, magnitude);
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  let mantissa = bits & 0xfffffffffffffn;
  let lead = biased === 0 ? 0n : 1n;
  if (places !== undefined && places < 13) {
    const drop = BigInt(4 * (13 - Math.max(places, 1)));
    // Ties go to the even digit here, as the documentation of the conversion `a` has it.
    const whole = (lead << 52n) | mantissa;
    const half = 1n << (drop - 1n);
    const rest = whole & ((1n << drop) - 1n);
    let kept = whole >> drop;
    if (rest > half || (rest === half && (kept & 1n) === 1n)) kept++;
    const rounded = kept << drop;
    lead = rounded >> 52n;
    mantissa = rounded & 0xfffffffffffffn;
  }
  const digits = mantissa.toString(16).padStart(13, "0");
  const shown =
    places === undefined ? digits.replace(/0+$/, "") || "0" : digits.slice(0, Math.max(places, 1));
  return `0x${lead}.${shown.padEnd(places ?? 1, "0")}p${biased === 0 ? -1022 : biased - 1023}`;
}
