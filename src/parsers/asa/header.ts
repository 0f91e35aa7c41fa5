import type { SyslogTime } from "../time/syslog-time.ts";
import { AsaTag } from "./tag.ts";

// Bytes past the end read as undefined and fail every comparison.

const BLANK = 32;
const COLON = 58;
const PERCENT = 37;
const LESS = 60;
const GREATER = 62;
/** Words before the tag, and bytes, past which a record is no message of a firewall. */
const MOST_WORDS = 12;
const REACH = 512;

/** What is before the body; a start of -1 means missing. */
export type Header = {
  readonly read: (bytes: Uint8Array, start: number, end: number) => boolean;
  readonly tag: {
    readonly start: number;
    readonly end: number;
    readonly level: number;
    readonly number: number;
  };
  /** -1 when missing. */
  readonly priority: number;
  /** Epoch milliseconds, NaN for a date that does not exist, undefined when there is none. */
  readonly time: number | undefined;
  readonly hostStart: number;
  readonly hostEnd: number;
  readonly programStart: number;
  readonly programEnd: number;
};

/**
 * Finds the tag of an ASA message and what is before it: a priority, a time, the name of the host and of a program,
 * each of which may be missing, with or without colons between them. A relay may have put its own header before the
 * firewall's: the firewall's time counts, and its name where it states one. A start of -1 means missing.
 */
export class AsaHeader {
  readonly tag = new AsaTag();
  /** -1 when missing. */
  priority = -1;
  /** Epoch milliseconds; NaN for a date that does not exist, undefined when there is no time. */
  time: number | undefined;
  hostStart = -1;
  hostEnd = -1;
  programStart = -1;
  programEnd = -1;
  readonly #time: SyslogTime;

  constructor(time: SyslogTime) {
    this.#time = time;
  }

  /** Whether bytes[start, end) hold such a message. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.hostStart = -1;
    this.programStart = -1;
    this.time = undefined;
    let at = this.#priority(bytes, start);
    const limit = Math.min(end, start + REACH);
    // Names since the last time.
    let names = 0;
    for (let words = 0; words <= MOST_WORDS; words++) {
      while (bytes[at] === BLANK || bytes[at] === COLON) at++;
      if (at >= limit) return false;
      if (bytes[at] === PERCENT && this.tag.read(bytes, at + 1, end)) return true;
      const timeEnd = mayBeTime(bytes[at] as number) ? this.#time.scan(bytes, at, end) : -1;
      if (timeEnd >= 0) {
        this.time = this.#time.millis;
        names = 0;
        at = timeEnd;
        continue;
      }
      const wordStart = at;
      while (at < limit && bytes[at] !== BLANK && !(bytes[at] === COLON && endsWord(bytes[at + 1]))) at++;
      this.#name(bytes, names++, wordStart, at);
    }
    return false;
  }

  #priority(bytes: Uint8Array, start: number): number {
    this.priority = -1;
    if (bytes[start] !== LESS) return start;
    let at = start + 1;
    let priority = 0;
    while (((bytes[at] as number) ^ 48) < 10 && at < start + 10)
      priority = priority * 10 + ((bytes[at++] as number) ^ 48);
    if (bytes[at] !== GREATER || at === start + 1) return start;
    this.priority = priority;
    return at + 1;
  }

  /** The first name is the host if it can be one, otherwise the program; a third tells nothing. */
  #name(bytes: Uint8Array, names: number, start: number, end: number): void {
    if (names === 0 && isHost(bytes, start, end)) {
      this.hostStart = start;
      this.hostEnd = end;
      this.programStart = -1;
    } else if (names < 2) {
      this.programStart = start;
      this.programEnd = end;
    }
  }
}

/** Whether a time may start with this byte: a capital, a digit, or one of the marks of Cisco's clocks. */
function mayBeTime(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte ^ 48) < 10 || byte === 42 || byte === 46;
}

/** Whether a colon before this byte ends a word: those of an IPv6 address do not. */
function endsWord(byte: number | undefined): boolean {
  return byte === undefined || byte === BLANK || byte === PERCENT;
}

/** Letters, digits, dots, dashes, and colons for IPv6. */
function isHost(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    const isLetter = (byte | 32) >= 97 && (byte | 32) <= 122;
    if (!isLetter && (byte ^ 48) >= 10 && byte !== 45 && byte !== 46 && byte !== 58 && byte !== 95)
      return false;
  }
  return end > start;
}
