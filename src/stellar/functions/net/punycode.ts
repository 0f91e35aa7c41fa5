/**
 * International domain names in ASCII (RFC 3490): nameprep, then punycode, as `java.net.IDN` does them. The web's own
 * `URL` follows the later UTS 46, which maps many look-alike characters differently.
 */

// The bare name is Node's own module, which is deprecated and in no browser.
import punycode from "punycode/punycode.js";

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
      const decoded = decodeLabel(label.slice(ACE.length).toLowerCase());
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
    : ACE + punycode.encode(label);
}

/** The text of a label in punycode, or undefined for what no text encodes to. */
function decodeLabel(encoded: string): string | undefined {
  try {
    return punycode.decode(encoded);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false;
  return true;
}
