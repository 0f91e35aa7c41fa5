import type { SyslogTime } from "../time/syslog-time.ts";

// Bytes past the end read as undefined and fail every comparison.

const BLANK = 32;
const COLON = 58;
const OPEN = 91;
const CLOSE = 93;
/** Longest name of a program (RFC 5424 allows 48 characters), and longest process. */
const PROGRAM = 64;
const PROCESS = 128;
const LESS = 60;
const GREATER = 62;

/** A piece of the arena; `start` is -1 when it is missing. */
export type Part = { start: number; end: number };

/**
 * The parts of one syslog line, as addresses; the reader of each format fills what it has. Nothing is decoded here.
 */
export class SyslogLine {
  priority = -1;
  readonly pri: Part = { start: -1, end: -1 };
  readonly version: Part = { start: -1, end: -1 };
  readonly time: Part = { start: -1, end: -1 };
  readonly host: Part = { start: -1, end: -1 };
  readonly app: Part = { start: -1, end: -1 };
  readonly process: Part = { start: -1, end: -1 };
  readonly id: Part = { start: -1, end: -1 };
  /** The structured data with their brackets, or the dash. */
  readonly data: Part = { start: -1, end: -1 };
  readonly message: Part = { start: -1, end: -1 };

  /** Whether a line is of RFC 5424: behind the priority a version, and a time that starts with a year or is a dash. */
  is5424(bytes: Uint8Array, start: number): boolean {
    let at = start;
    if (bytes[at] === LESS) {
      while (bytes[at] !== GREATER && at < start + 5) at++;
      at++;
    }
    const version = at;
    while (at < version + 2 && ((bytes[at] as number) ^ 48) < 10) at++;
    if (at === version || bytes[version] === 48 || bytes[at] !== BLANK) return false;
    at++;
    if (bytes[at] === 45) return bytes[at + 1] === BLANK;
    return ((bytes[at] as number) ^ 48) < 10 && bytes[at + 4] === 45;
  }

  /**
   * Reads a line in the manner of RFC 3164: priority, time and host, each of which may be missing (but not priority and
   * time both), and the message. A name that a colon ends is the program's, not the host's.
   */
  readLine(bytes: Uint8Array, start: number, end: number, clock: SyslogTime): string | undefined {
    this.#clear();
    let at = this.#priority(bytes, start, end);
    if (at < 0) return "the priority is not a number in angle brackets";
    while (bytes[at] === BLANK) at++;
    if (at >= end) return "nothing stands behind the priority";
    const timeEnd = clock.scan(bytes, at, end);
    if (timeEnd < 0) {
      if (this.priority < 0) return "it starts with neither a priority nor a time";
      this.time.start = -1;
      this.#content(bytes, at, end);
      return undefined;
    }
    this.time.start = at;
    this.time.end = timeEnd;
    at = timeEnd;
    // Cisco's devices end the time with a colon and name no host.
    const hasHost = bytes[at] !== COLON;
    while (at < end && (bytes[at] === BLANK || bytes[at] === COLON)) at++;
    if (at >= end) return "nothing stands behind the time";
    if (hasHost) {
      const hostEnd = word(bytes, at, end, this.host);
      const last = bytes[hostEnd - 1];
      const isProgram = last === COLON || (last === CLOSE && programEnd(bytes, at, end) >= 0);
      if (isProgram) this.host.start = -1;
      else at = hostEnd + 1;
    }
    if (at < end) this.#content(bytes, at, end);
    return undefined;
  }

  #clear(): void {
    const { version, host, app, process, id, data, message } = this;
    for (const part of [version, host, app, process, id, data, message]) part.start = -1;
  }

  /** Notes the message, and the program and process at its start: `su:`, `sshd[4711]:`. */
  #content(bytes: Uint8Array, start: number, end: number): void {
    this.message.start = start;
    this.message.end = end;
    const nameEnd = programEnd(bytes, start, end);
    if (nameEnd < 0) return;
    this.app.start = start;
    this.app.end = nameEnd;
    if (bytes[nameEnd] !== OPEN) return;
    this.process.start = nameEnd + 1;
    this.process.end = closeOf(bytes, nameEnd, end);
  }

  /** Where the message starts behind program and process. */
  contentStart(bytes: Uint8Array): number {
    if (this.app.start < 0) return this.message.start;
    let at = this.process.start < 0 ? this.app.end : this.process.end + 1;
    if (bytes[at] === COLON) at++;
    return bytes[at] === BLANK ? at + 1 : at;
  }

  /** Reads an RFC 3164 line: optional priority, time, host, message. Answers what is wrong with it, or undefined. */
  read3164(bytes: Uint8Array, start: number, end: number): string | undefined {
    let at = this.#priority(bytes, start, end);
    if (at < 0) return "the priority is not a number in angle brackets";
    // An ISO time is one word; the other has fifteen characters.
    if (((bytes[at] as number) ^ 48) < 10) at = word(bytes, at, end, this.time);
    else {
      this.time.start = at;
      this.time.end = Math.min(end, at + 15);
      at += 15;
    }
    if (at < 0 || at >= end || bytes[at] !== BLANK) return "no time where RFC 3164 has one";
    at = word(bytes, at + 1, end, this.host);
    if (at < 0) return "no host behind the time";
    this.#message(at, end);
    return undefined;
  }

  /** Reads an RFC 5424 line, priority and version optional. Answers what is wrong with it, or undefined. */
  read5424(bytes: Uint8Array, start: number, end: number): string | undefined {
    let at = this.#priority(bytes, start, end);
    if (at < 0) return "the priority is not a number in angle brackets";
    at = word(bytes, at, end, this.time);
    this.version.start = -1;
    const { time } = this;
    if (at >= 0 && time.end - time.start <= 3 && ((bytes[time.start] as number) ^ 48) < 10) {
      this.version.start = time.start;
      this.version.end = time.end;
      at = word(bytes, at + 1, end, time);
    }
    if (at >= 0) at = word(bytes, at + 1, end, this.host);
    if (at >= 0) at = word(bytes, at + 1, end, this.app);
    if (at >= 0) at = word(bytes, at + 1, end, this.process);
    if (at >= 0) at = word(bytes, at + 1, end, this.id);
    if (at < 0 || at + 1 >= end) return "fewer header fields than RFC 5424 has";
    at = this.#data(bytes, at + 1, end);
    if (at < 0 || (at < end && bytes[at] !== BLANK))
      return "the structured data are neither elements nor a dash";
    this.#message(at, end);
    return undefined;
  }

  #priority(bytes: Uint8Array, start: number, end: number): number {
    this.priority = -1;
    this.pri.start = -1;
    if (bytes[start] !== LESS) return start;
    let at = start + 1;
    let priority = 0;
    while (at < end && at < start + 5 && ((bytes[at] as number) ^ 48) < 10) {
      priority = priority * 10 + ((bytes[at++] as number) ^ 48);
    }
    if (at === start + 1 || bytes[at] !== GREATER) return -1;
    this.priority = priority;
    this.pri.start = start + 1;
    this.pri.end = at;
    return at + 1;
  }

  /** Finds where the structured data end: quoted values may hold brackets, escaped characters may be quotes. */
  #data(bytes: Uint8Array, start: number, end: number): number {
    this.data.start = start;
    let at = start;
    if (bytes[at] === 45) at++;
    else {
      while (bytes[at] === 91 && at < end) {
        at = elementEnd(bytes, at, end);
        if (at < 0) return -1;
      }
    }
    this.data.end = at;
    return at > start ? at : -1;
  }

  #message(at: number, end: number): void {
    this.message.start = at < end ? at + 1 : -1;
    this.message.end = end;
  }

  /** Leaves out the byte-order mark that says that the text is UTF-8 (RFC 5424, 6.4); nothing left is no message. */
  skipMark(bytes: Uint8Array): void {
    const { message } = this;
    const { start } = message;
    if (bytes[start] !== 0xef || bytes[start + 1] !== 0xbb || bytes[start + 2] !== 0xbf) return;
    message.start = start + 3 < message.end ? start + 3 : -1;
  }
}

/** Where the element whose bracket opens at `start` ends, or -1. */
function elementEnd(bytes: Uint8Array, start: number, end: number): number {
  let quoted = false;
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at];
    if (quoted && byte === 92) at++;
    else if (byte === 34) quoted = !quoted;
    else if (byte === 93 && !quoted) return at + 1;
  }
  return -1;
}

/** Where the name of the program that `start` begins with ends: before `:` or `[process]`; -1 when there is none. */
function programEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (; at < end && at < start + PROGRAM; at++) {
    const byte = bytes[at] as number;
    if (byte <= BLANK || byte === OPEN) break;
    if (byte === COLON && endsName(bytes, at + 1, end)) break;
  }
  if (at === start) return -1;
  if (bytes[at] === COLON && at < end) return at;
  if (bytes[at] !== OPEN) return -1;
  const close = closeOf(bytes, at, end);
  if (close < 0 || close === at + 1) return -1;
  const next = bytes[close + 1] === COLON ? close + 2 : close + 1;
  return endsName(bytes, next, end) ? at : -1;
}

/** Where the bracket that opens at `at` closes, or -1; a loop, since a search costs more than the few bytes there are. */
function closeOf(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + PROCESS);
  for (let close = at + 1; close < limit; close++) if (bytes[close] === CLOSE) return close;
  return -1;
}

/** Whether a program's name may end here: colons inside of one, as in an address, do not end it. */
function endsName(bytes: Uint8Array, at: number, end: number): boolean {
  return at >= end || bytes[at] === BLANK;
}

/** Takes the bytes up to the next blank or the end; -1 when there are none. */
function word(bytes: Uint8Array, start: number, end: number, part: Part): number {
  let at = start;
  while (at < end && bytes[at] !== BLANK) at++;
  part.start = start;
  part.end = at;
  return at > start ? at : -1;
}
