// Bytes past the end read as undefined and fail every comparison.

const DASH = 45;
/** Letters of the longest product or class. */
const LONGEST = 32;

/**
 * The tag of a message of Cisco's firewalls: `ASA-6-302013`, of `FTD`, `PIX` and `FWSM` too, with the class of the
 * message between product and level where the firewall writes that (`ASA-session-6-302013`).
 */
export class AsaTag {
  start = 0;
  end = 0;
  /** 0 to 7: a setting of the firewall, which tells nothing of the kind of message. */
  level = 0;
  /** The digits that name the message; -1 when they are not six. */
  number = -1;

  /** Whether a tag starts at `start`. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (isCapital(bytes[at] as number) && at < start + LONGEST) at++;
    if (at === start || bytes[at] !== DASH) return false;
    at++;
    const level = ((bytes[at] as number) ^ 48) >>> 0;
    if (level > 9 || bytes[at + 1] !== DASH) at = classEnd(bytes, at);
    if (at < 0) return false;
    this.level = ((bytes[at] as number) ^ 48) & 7;
    const number = at + 2;
    at = number;
    let value = 0;
    let digits = 0;
    for (; isCapital(bytes[at] as number) || bytes[at] === 95; at++) {
      const digit = ((bytes[at] as number) ^ 48) >>> 0;
      if (digit < 10) digits++;
      value = value * 10 + digit;
      if (at - number > LONGEST) return false;
    }
    this.start = start;
    this.end = at;
    this.number = digits === 6 && at - number === 6 ? value : -1;
    return at > number && at <= end;
  }
}

/** Skips `class-` and a dash alone, and returns where the level is, or -1. */
function classEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isWord(bytes[at] as number) && at < start + LONGEST) at++;
  if (bytes[at] !== DASH) return -1;
  at++;
  return ((bytes[at] as number) ^ 48) < 10 && bytes[at + 1] === DASH ? at : -1;
}

function isCapital(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte ^ 48) < 10;
}

function isWord(byte: number): boolean {
  return (byte ^ 48) < 10 || ((byte | 32) >= 97 && (byte | 32) <= 122) || byte === 95;
}
