import type { Context } from "../../core/context.ts";
import { encodeInto } from "../../core/text.ts";
import { SyslogTime } from "../time/syslog-time.ts";

/** The line up to the mark is a syslog header; a longer one is some other text. */
const LONGEST_HEADER = 1024;
/** Priorities, each with the version that RFC 5424 sets behind it, and the mark that a text is UTF-8. */
const PRIORITY = /^[ \uFEFF]*(?:<\d{1,3}>(?:\d(?= ))?[ \uFEFF]*)*/;
/** A host behind a time, and a word that is all there is. */
const HOST_BEHIND = /^:? *([\w.:-]*[\w.-]):?(?: |$)/;
const HOST_ALONE = /^([\w.:-]*[\w.-]) *$/;
/** No time is longer. */
const LONGEST_TIME = 64;

/** What is before a message in its line. */
export type LineHeader = { readonly host: string | undefined; readonly time: number | undefined };

/**
 * Where the header of a format begins: at the first mark, which starts the line or follows a syslog header. A mark
 * further on is part of a value, which whoever is watched can choose. -1 when there is none.
 */
export function findMark(line: string, mark: string): number {
  const at = line.indexOf(mark);
  if (at <= 0) return at;
  return at <= LONGEST_HEADER && /[\s>:\]\uFEFF]/.test(line[at - 1] as string) ? at : -1;
}

/**
 * Cuts `count` fields that end in bars off the text from `at`; a backslash protects a bar and a backslash. Undefined
 * when there are fewer. The last entry is what follows.
 */
export function cutFields(text: string, at: number, count: number): string[] | undefined {
  const fields: string[] = [];
  let from = at;
  let escaped = false;
  for (let index = at; index < text.length && fields.length < count; index++) {
    const char = text[index];
    if (char === "\\") {
      index++;
      escaped = true;
    } else if (char === "|") {
      const field = text.slice(from, index);
      fields.push(escaped ? field.replace(/\\([\\|])/g, "$1") : field);
      from = index + 1;
      escaped = false;
    }
  }
  if (fields.length < count) return undefined;
  fields.push(text.slice(from));
  return fields;
}

/** Reads the time and the host of syslog headers before a mark. */
export class SyslogPrefix {
  readonly #time: SyslogTime;
  readonly #bytes = new Uint8Array(3 * LONGEST_TIME);

  constructor(zone: string, context: Context) {
    this.#time = new SyslogTime(zone, context.clock);
  }

  read(text: string): LineHeader {
    const from = PRIORITY.exec(text)?.[0].length ?? 0;
    const time = this.#time;
    time.tick();
    const length = encodeInto(text.slice(from, from + LONGEST_TIME), this.#bytes, 0);
    const at = time.scan(this.#bytes, 0, length);
    if (at < 0) return { host: HOST_ALONE.exec(text.slice(from))?.[1], time: undefined };
    return {
      // What was read as a time is ASCII, so its bytes are as many as its characters.
      host: HOST_BEHIND.exec(text.slice(from + at))?.[1],
      time: Number.isSafeInteger(time.millis) ? time.millis : undefined,
    };
  }
}
