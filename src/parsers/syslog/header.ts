// Bytes past the end read as undefined and fail every comparison.

const BLANK = 32;
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

/** Takes the bytes up to the next blank or the end; -1 when there are none. */
function word(bytes: Uint8Array, start: number, end: number, part: Part): number {
  let at = start;
  while (at < end && bytes[at] !== BLANK) at++;
  part.start = start;
  part.end = at;
  return at > start ? at : -1;
}
