import type { Context } from "../../core/context.ts";
import { encodeInto } from "../../core/text.ts";
import { instantReader } from "../time/instant.ts";
import { SyslogTime } from "../time/syslog-time.ts";

/** The line up to the mark is a syslog header; a longer one is some other text. */
const LONGEST_HEADER = 1024;
const PRIORITY = String.raw`(?:\uFEFF|<\d{1,3}>(?:\d )?)*`;
const DATE = String.raw`([A-Z][a-z]{2}) +(\d{1,2}) (?:(\d{4}) )?(\d{2}:\d{2}:\d{2})(?:\.\d+)?(?: (\d{4}))?`;
const ISO = String.raw`\d{4}-\d{2}-\d{2}T[^ ]+`;
const SYSLOG = new RegExp(
  String.raw`^ *${PRIORITY} *(?:(?:(${ISO})|${DATE}):? +)?(?:([\w.:-]*[\w.-]):?(?: |$))?`,
);

/** What stands before a message in its line. */
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
  readonly #instant: (value: unknown) => number | undefined;
  readonly #bytes = new Uint8Array(64);

  constructor(zone: string, context: Context) {
    this.#time = new SyslogTime(zone, context.clock);
    this.#instant = instantReader(zone);
  }

  read(text: string): LineHeader {
    const found = SYSLOG.exec(text);
    if (found === null) return { host: undefined, time: undefined };
    const [, iso, month, day, year, time, yearBehind, host] = found;
    return {
      host,
      time: iso === undefined ? this.#date(month, day, year ?? yearBehind, time) : this.#instant(iso),
    };
  }

  #date(month?: string, day = "", year?: string, time?: string): number | undefined {
    if (month === undefined) return undefined;
    const date = [month, day.padStart(2, "0"), ...(year === undefined ? [] : [year]), time].join(" ");
    this.#time.tick();
    const millis = this.#time.read(this.#bytes, 0, encodeInto(date, this.#bytes, 0));
    return Number.isNaN(millis) ? undefined : millis;
  }
}
