import type { SyslogTime } from "../time/syslog-time.ts";
import type { Header } from "./header.ts";

// Bytes past the end read as undefined and fail every comparison.

const BLANK = 32;
const COLON = 58;
const PERCENT = 37;
const LESS = 60;
const GREATER = 62;
const DASH = 45;

/**
 * Reads what is before the body of an ASA message as the original does: `<166>Aug 05 2016 01:01:35 host
 * program[1]: %ASA-6-302013`, of which host, program and colon may be missing. A start of -1 means missing.
 */
export class OriginalAsaHeader implements Header {
  readonly tag = { start: 0, end: 0, level: 0, number: -1 };
  readonly #clock: SyslogTime;
  time: number | undefined;
  priority = 0;
  #timeStart = 0;
  #timeEnd = 0;
  hostStart = -1;
  hostEnd = -1;
  programStart = -1;
  programEnd = -1;

  constructor(time: SyslogTime) {
    this.#clock = time;
  }

  /** Whether bytes[start, end) begin with such a header. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    let at = this.#priority(bytes, start);
    if (at < 0) return false;
    at = this.#time(bytes, at);
    if (at < 0) return false;
    this.hostStart = -1;
    this.programStart = -1;
    at = this.#names(bytes, at, end);
    if (at < 0 || !this.#tag(bytes, at + 1, end)) return false;
    this.time = this.#clock.read(bytes, this.#timeStart, this.#timeEnd);
    return true;
  }

  #priority(bytes: Uint8Array, start: number): number {
    if (bytes[start] !== LESS) return -1;
    let at = start + 1;
    if (bytes[at] === 48) return -1;
    let priority = 0;
    while (((bytes[at] as number) ^ 48) < 10 && at < start + 10)
      priority = priority * 10 + ((bytes[at++] as number) ^ 48);
    this.priority = priority;
    return bytes[at] === GREATER && at > start + 1 ? at + 1 : -1;
  }

  /** Finds `Mmm dd [yyyy] HH:mm:ss` by its blanks and colons; whether it is a date is for its reader to say. */
  #time(bytes: Uint8Array, start: number): number {
    this.#timeStart = start;
    let at = start + 3;
    if (bytes[at] !== BLANK) return -1;
    while (bytes[at] === BLANK) at++;
    at = digits(bytes, at, 2);
    if (at < 0 || bytes[at] !== BLANK) return -1;
    at++;
    // A year has four digits and no colon behind it.
    if (bytes[at + 4] === BLANK) at += 5;
    if (bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return -1;
    this.#timeEnd = at + 8;
    return at + 8;
  }

  /** Reads up to two names before the percent sign and returns where that is. */
  #names(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    for (let names = 0; ; names++) {
      if (bytes[at] === COLON) at++;
      if (bytes[at] !== BLANK) return -1;
      at++;
      // The colon may stand alone.
      if (bytes[at] === COLON && bytes[at + 1] === BLANK) at += 2;
      if (at >= end) return -1;
      if (bytes[at] === PERCENT) return at;
      if (names === 2) return -1;
      const start = at;
      let plain = true;
      while (at < end && bytes[at] !== BLANK && (bytes[at] !== COLON || bytes[at + 1] !== BLANK)) {
        if (!isHostByte(bytes[at] as number)) plain = false;
        at++;
      }
      if (at === start) return -1;
      this.#name(names, plain, start, at);
    }
  }

  /** The first name is the host if it can be one, otherwise the program. */
  #name(names: number, plain: boolean, start: number, end: number): void {
    if (names === 0 && plain) {
      this.hostStart = start;
      this.hostEnd = end;
    } else {
      this.programStart = start;
      this.programEnd = end;
    }
  }

  /** Reads capitals and digits, a dash, a number, a dash, capitals, digits and underscores. */
  #tag(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (isCapital(bytes[at] as number)) at++;
    if (at === start || bytes[at] !== DASH) return false;
    const level = at + 1;
    at = level;
    while (((bytes[at] as number) ^ 48) < 10) at++;
    if (at === level || bytes[at] !== DASH) return false;
    const number = at + 1;
    at = number;
    while (isCapital(bytes[at] as number) || bytes[at] === 95) at++;
    this.tag.start = start;
    this.tag.end = at;
    return at > number && at <= end;
  }
}

function digits(bytes: Uint8Array, from: number, most: number): number {
  let at = from;
  while (at < from + most && ((bytes[at] as number) ^ 48) < 10) at++;
  return at > from ? at : -1;
}

function isCapital(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte ^ 48) < 10;
}

/** Letters, digits, dots, dashes, and colons for IPv6. */
function isHostByte(byte: number): boolean {
  return (
    (byte ^ 48) < 10 || ((byte | 32) >= 97 && (byte | 32) <= 122) || byte === 45 || byte === 46 || byte === 58
  );
}
