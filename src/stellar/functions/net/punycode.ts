/**
 * International domain names in ASCII (RFC 3490): nameprep and punycode, as `java.net.IDN` does them. The web's own
 * `URL` follows the later UTS 46, which maps many look-alike characters differently.
 */

const BASE = 36;
const THRESHOLD_MIN = 1;
const THRESHOLD_MAX = 26;
const MAX_LABEL = 63;
/** Nameprep drops and joins characters, so a label may be longer before it. */
const MAX_RAW_LABEL = 1000;
const DOTS = /[.\u3002\uff0e\uff61]/;
/** Joiners and variation selectors that nameprep drops (RFC 3454, table B.1). */
const DROPPED = /\p{Default_Ignorable_Code_Point}/gu;
/** Letters whose lower case Unicode gained only after version 3.2, which nameprep is bound to. */
const UNCASED =
  /[\u03f7\u03f9-\u03ff\u04c0\u10a0-\u10ff\u13a0-\u13f5\u2c00-\u2c5f\u2c60-\u2cff\ua640-\uffff]/u;
const ACE = "xn--";

/** The ASCII form of a domain name, or undefined when a label is empty, too long or not allowed. */
export function domainToAscii(domain: string): string | undefined {
  const labels = domain.split(DOTS);
  const ascii: string[] = [];
  for (const [index, label] of labels.entries()) {
    // A name may end in the dot of the root.
    if (label === "" && index === labels.length - 1 && index > 0) {
      ascii.push("");
      continue;
    }
    const converted = labelToAscii(label);
    if (converted === undefined) return undefined;
    ascii.push(converted);
  }
  return ascii.join(".");
}

/** The form with the labels' own letters; a label that is no valid punycode stays. */
export function domainToUnicode(domain: string): string {
  return domain
    .split(DOTS)
    .map((label) => {
      if (label.length > MAX_LABEL || !label.toLowerCase().startsWith(ACE)) return label;
      const decoded = decodePunycode(label.slice(ACE.length).toLowerCase());
      return decoded !== undefined && labelToAscii(decoded)?.toLowerCase() === label.toLowerCase()
        ? decoded
        : label;
    })
    .join(".");
}

function labelToAscii(label: string): string | undefined {
  if (label.length > MAX_RAW_LABEL) return undefined;
  const prepared = isAscii(label) ? label : prepare(label);
  if (prepared === "" || prepared === undefined) return undefined;
  const ascii = isAscii(prepared) ? prepared : encodeLabel(prepared);
  return ascii === undefined || ascii.length > MAX_LABEL ? undefined : ascii;
}

function prepare(label: string): string | undefined {
  let folded = "";
  for (const character of label.replace(DROPPED, "")) folded += fold(character);
  const normal = folded.normalize("NFKC");
  let prepared = "";
  for (const character of normal) prepared += fold(character);
  prepared = prepared.normalize("NFKC");
  // What nameprep prohibits: spaces, controls, private use, surrogates and characters that never mean text.
  return /[\p{Zs}\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u.test(prepared.replace(/[ -~]/g, ""))
    ? undefined
    : prepared;
}

function fold(character: string): string {
  if (UNCASED.test(character)) return character;
  if (character === "\u00df") return "ss";
  if (character === "\u03c2") return "\u03c3";
  return character.toLowerCase();
}

function encodeLabel(label: string): string | undefined {
  // Every character takes at least one digit, and the encoder is quadratic.
  return label.length > 2 * MAX_LABEL || label.toLowerCase().startsWith(ACE)
    ? undefined
    : ACE + encodePunycode(label);
}

/** RFC 3492, section 6.3. */
export function encodePunycode(text: string): string {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  let output = points
    .filter((point) => point < 128)
    .map((point) => String.fromCodePoint(point))
    .join("");
  const basic = output.length;
  let handled = basic;
  if (basic > 0) output += "-";
  let [current, delta, bias] = [128, 0, 72];
  while (handled < points.length) {
    const next = Math.min(...points.filter((point) => point >= current));
    delta += (next - current) * (handled + 1);
    current = next;
    for (const point of points) {
      if (point < current) delta++;
      if (point !== current) continue;
      let rest = delta;
      for (let k = BASE; ; k += BASE) {
        const threshold = thresholdAt(k, bias);
        if (rest < threshold) break;
        output += digit(threshold + ((rest - threshold) % (BASE - threshold)));
        rest = Math.floor((rest - threshold) / (BASE - threshold));
      }
      output += digit(rest);
      bias = adapt(delta, handled + 1, handled === basic);
      delta = 0;
      handled++;
    }
    delta++;
    current++;
  }
  return output;
}

/** RFC 3492, section 6.2; undefined for what no text encodes to. */
export function decodePunycode(encoded: string): string | undefined {
  const split = encoded.lastIndexOf("-");
  const points = Array.from(
    encoded.slice(0, Math.max(0, split)),
    (character) => character.codePointAt(0) ?? 0,
  );
  let [current, place, bias] = [128, 0, 72];
  let at = split < 0 ? 0 : split + 1;
  while (at < encoded.length) {
    const before = place;
    for (let k = BASE, weight = 1; ; k += BASE) {
      const value = Number.parseInt(encoded[at] ?? "", BASE);
      if (Number.isNaN(value) || place > 2 ** 40) return undefined;
      at++;
      // Punycode counts letters before digits, parseInt the other way round.
      const step = value < 10 ? value + 26 : value - 10;
      place += step * weight;
      const threshold = thresholdAt(k, bias);
      if (step < threshold) break;
      weight *= BASE - threshold;
    }
    const length = points.length + 1;
    bias = adapt(place - before, length, before === 0);
    current += Math.floor(place / length);
    place %= length;
    if (current > 0x10ffff) return undefined;
    points.splice(place++, 0, current);
  }
  return String.fromCodePoint(...points);
}

function thresholdAt(k: number, bias: number): number {
  return Math.min(THRESHOLD_MAX, Math.max(THRESHOLD_MIN, k - bias));
}

function digit(value: number): string {
  return String.fromCharCode(value < 26 ? 97 + value : 22 + value);
}

function adapt(delta: number, count: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? 700 : 2));
  rest += Math.floor(rest / count);
  let k = 0;
  for (; rest > ((BASE - THRESHOLD_MIN) * THRESHOLD_MAX) / 2; k += BASE)
    rest = Math.floor(rest / (BASE - THRESHOLD_MIN));
  return k + Math.floor(((BASE - THRESHOLD_MIN + 1) * rest) / (rest + 38));
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false;
  return true;
}
