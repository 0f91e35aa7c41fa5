/**
 * `java.util.Formatter` in the US locale, over Stellar values: flags, width, precision, argument indexes, and Java's
 * strictness about types (`%d` takes no double, `%f` no int).
 */

import { fixedText, generalText, hexText, scientificText } from "../../java/decimal.ts";
import type { TimeZone } from "../../java/time-zone.ts";
import { StellarError } from "../language/error.ts";
import { checkTextSize } from "./budget.ts";
import { formatDate } from "./formatter-dates.ts";
import { hashCode } from "./hash-code.ts";
import { Char, Double, Float, toText, typeName, type Value } from "./value.ts";

const SPECIFIER = /%(\d+\$)?([-#+ 0,(<]*)(\d+)?(?:\.(\d+))?([tT])?([a-zA-Z%])/y;
/** Flags each conversion allows; capital letters are the same conversion. */
const FLAGS: Readonly<Record<string, string>> = {
  b: "-",
  h: "-",
  s: "-",
  c: "-",
  d: "-+ 0,(",
  o: "-#0+ (",
  x: "-#0+ (",
  e: "-#+ 0(",
  f: "-#+ 0,(",
  g: "-+ 0,(",
  a: "-#+ 0",
  t: "-",
  "%": "-",
  n: "",
};
/** Conversions that exist in capitals. */
const CAPITALS = "BHSCXEGAT";

type Specifier = {
  /** As it is in the format, for messages. */
  readonly text: string;
  readonly conversion: string;
  readonly flags: string;
  readonly width: number | undefined;
  readonly precision: number | undefined;
  /** The letter after `t`. */
  readonly part: string;
  readonly upper: boolean;
};

/** Formats arguments; dates (`%t…`) in `zone`. Throws a StellarError where Java throws. */
export function format(pattern: string, args: readonly Value[], zone: TimeZone): string {
  let result = "";
  let at = 0;
  let ordinary = 0;
  let last = -1;
  while (at < pattern.length) {
    const next = pattern.indexOf("%", at);
    if (next < 0) break;
    result += pattern.slice(at, next);
    SPECIFIER.lastIndex = next;
    const match = SPECIFIER.exec(pattern);
    if (match === null) {
      throw new StellarError(`'${pattern.slice(next, next + 2)}' at ${next} is no format specifier`);
    }
    at = next + match[0].length;
    const specifier = readSpecifier(match);
    if (specifier.conversion === "n") result += "\n";
    else if (specifier.conversion === "%") result += justify("%", specifier);
    else {
      const index = match[1] !== undefined ? Number.parseInt(match[1], 10) - 1 : undefined;
      last = specifier.flags.includes("<") ? last : (index ?? ordinary++);
      if (last < 0 || last >= args.length) throw new StellarError(`there is no argument for '${match[0]}'`);
      result += formatValue(specifier, args[last] as Value, zone);
    }
    checkTextSize(result.length);
  }
  return result + pattern.slice(at);
}

function readSpecifier(match: RegExpExecArray): Specifier {
  const [text, , flags = "", width, precision, date, letter = ""] = match;
  const spelled = date ?? letter;
  const conversion = spelled.toLowerCase();
  const upper = spelled !== conversion;
  const allowed = FLAGS[conversion];
  if (allowed === undefined || (upper && !CAPITALS.includes(spelled))) {
    throw new StellarError(`'${text}': there is no conversion '${spelled}'`);
  }
  const specifier: Specifier = {
    text,
    conversion,
    flags,
    width: width === undefined ? undefined : size(text, width),
    precision: precision === undefined ? undefined : size(text, precision),
    part: date === undefined ? "" : letter,
    upper,
  };
  checkFlags(specifier, allowed);
  return specifier;
}

function size(text: string, digits: string): number {
  const value = Number(digits);
  if (value > 0x7fffffff) throw new StellarError(`'${text}': ${digits} is too large`);
  checkTextSize(value);
  return value;
}

function unsuited({ text, conversion }: Pick<Specifier, "text" | "conversion">, flag: string): StellarError {
  return new StellarError(`'${text}': the flag '${flag}' does not go with '${conversion}'`);
}

function checkFlags({ text, conversion, flags, width, precision }: Specifier, allowed: string): void {
  for (const [index, flag] of Array.from(flags).entries()) {
    if (flags.indexOf(flag) !== index) throw new StellarError(`'${text}': the flag '${flag}' stands twice`);
    if (flag !== "<" && !allowed.includes(flag)) {
      throw unsuited({ text, conversion }, flag);
    }
  }
  const both = (left: string, right: string) => flags.includes(left) && flags.includes(right);
  if (both("-", "0") || both("+", " ")) throw new StellarError(`'${text}': its flags contradict each other`);
  if (width === undefined && /[-0]/.test(flags)) throw new StellarError(`'${text}' needs a width`);
  if (precision !== undefined && "cdoxtn%".includes(conversion)) {
    throw new StellarError(`'${text}': a precision does not go with '${conversion}'`);
  }
  if (conversion === "n" && width !== undefined) throw new StellarError(`'${text}': %n takes no width`);
}

function formatValue(specifier: Specifier, value: Value, zone: TimeZone): string {
  const text = convert(specifier, value, zone);
  return justify(specifier.upper ? text.toUpperCase() : text, specifier);
}

function convert(specifier: Specifier, value: Value, zone: TimeZone): string {
  switch (specifier.conversion) {
    case "b":
      return cut(value === null ? "false" : typeof value === "boolean" ? String(value) : "true", specifier);
    case "s":
      return cut(toText(value), specifier);
    case "h":
      return cut(value === null ? "null" : (hashCode(value) >>> 0).toString(16), specifier);
  }
  // Java cuts even this to the precision, whatever the conversion.
  if (value === null) return cut("null", specifier);
  switch (specifier.conversion) {
    case "c":
      return formatChar(specifier, value);
    case "d":
      return formatInteger(specifier, value);
    case "o":
      return formatBits(specifier, value, 8, "0");
    case "x":
      return formatBits(specifier, value, 16, "0x");
    case "t":
      return typeof value === "bigint"
        ? formatDate(specifier.part, Number(value), zone, specifier.text)
        : mismatch(specifier, value);
    default:
      return formatFloating(specifier, value);
  }
}

function mismatch({ text }: Specifier, value: Value): never {
  throw new StellarError(`'${text}' cannot format a value of type ${typeName(value)}`);
}

function cut(text: string, { precision }: Specifier): string {
  return precision === undefined ? text : text.slice(0, precision);
}

function justify(text: string, { width, flags }: Specifier): string {
  if (width === undefined) return text;
  return flags.includes("-") ? text.padEnd(width) : text.padStart(width);
}

function formatChar(specifier: Specifier, value: Value): string {
  if (value instanceof Char) return value.value;
  if (typeof value !== "number") return mismatch(specifier, value);
  if (value < 0 || value > 0x10ffff) throw new StellarError(`'${specifier.text}': ${value} is no code point`);
  return String.fromCodePoint(value);
}

function formatInteger(specifier: Specifier, value: Value): string {
  if (typeof value !== "number" && typeof value !== "bigint") return mismatch(specifier, value);
  const negative = value < 0;
  const digits = String(value).slice(negative ? 1 : 0);
  return signed(specifier, negative, grouped(specifier, digits));
}

function formatBits(specifier: Specifier, value: Value, radix: number, prefix: string): string {
  if (typeof value !== "number" && typeof value !== "bigint") return mismatch(specifier, value);
  const [flag] = /[+ (]/.exec(specifier.flags) ?? [];
  if (flag !== undefined) throw unsuited(specifier, flag);
  const digits = (typeof value === "number" ? value >>> 0 : BigInt.asUintN(64, value)).toString(radix);
  const lead = specifier.flags.includes("#") ? prefix : "";
  const zeros = specifier.flags.includes("0") ? (specifier.width as number) - lead.length : 0;
  return lead + digits.padStart(zeros, "0");
}

function formatFloating(specifier: Specifier, value: Value): string {
  if (!(value instanceof Double) && !(value instanceof Float)) return mismatch(specifier, value);
  const number = value.value;
  if (Number.isNaN(number)) return "NaN";
  const negative = number < 0 || Object.is(number, -0);
  const magnitude = Math.abs(number);
  if (magnitude === Number.POSITIVE_INFINITY) return signed({ ...specifier, width: 0 }, negative, "Infinity");
  return signed(specifier, negative, grouped(specifier, digitsOf(specifier, magnitude)));
}

function digitsOf({ conversion, precision, flags }: Specifier, magnitude: number): string {
  const pointed = (text: string) =>
    flags.includes("#") && !text.includes(".") ? text.replace(/(?=e)|$/, ".") : text;
  switch (conversion) {
    case "e":
      return pointed(scientificText(magnitude, precision ?? 6));
    case "f":
      return pointed(fixedText(magnitude, precision ?? 6));
    case "g":
      return generalText(magnitude, precision === 0 ? 1 : (precision ?? 6));
    default:
      return hexText(magnitude, precision);
  }
}

function grouped({ flags }: Specifier, digits: string): string {
  if (!flags.includes(",")) return digits;
  const end = /[^0-9]|$/.exec(digits)?.index ?? digits.length;
  return digits.slice(0, end).replace(/\B(?=(?:\d{3})+$)/g, ",") + digits.slice(end);
}

/** Puts the sign in front and fills with zeros up to the width. */
function signed({ flags, width }: Specifier, negative: boolean, digits: string): string {
  const parentheses = negative && flags.includes("(");
  const sign = parentheses ? "(" : negative ? "-" : (/[+ ]/.exec(flags)?.[0] ?? "");
  const zeros = flags.includes("0") ? (width as number) - sign.length - (parentheses ? 1 : 0) : 0;
  // The zeros of a hexadecimal number go behind its prefix.
  const prefix = digits.startsWith("0x") ? "0x" : "";
  const filled = prefix + digits.slice(prefix.length).padStart(zeros - prefix.length, "0");
  return `${sign}${filled}${parentheses ? ")" : ""}`;
}
