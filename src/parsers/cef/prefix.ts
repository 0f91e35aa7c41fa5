import type { Context } from "../../core/context.ts";
import { encodeInto } from "../../core/text.ts";
import { SyslogTime } from "../time/syslog-time.ts";

const LEGACY_TIME = String.raw`[A-Z][a-z]{2} [ \d]\d(?: \d{4})? \d{2}:\d{2}:\d{2}`;
const ISO_TIME = String.raw`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})`;

/** The host follows without a blank and takes only some characters, as in the original; so most lines have none. */
const PREFIX = new RegExp(String.raw`^(?:<\d+>)?(${ISO_TIME}|${LEGACY_TIME})?([a-z0-9.\\\]^_]+)?`);

/** What is before the last place in a line where a header fits, and the groups of that header. */
export type Found = {
  readonly time: string | undefined;
  readonly host: string | undefined;
  readonly header: RegExpExecArray;
};

/**
 * Finds the header that starts with `mark` and fits the sticky pattern. The last one counts, as in the original, whose
 * pattern begins with `.*`; looking for the mark keeps a hostile line from costing more than its length.
 */
export function findHeader(line: string, mark: string, pattern: RegExp): Found | undefined {
  for (let at = line.lastIndexOf(mark); at >= 0; at = at === 0 ? -1 : line.lastIndexOf(mark, at - 1)) {
    pattern.lastIndex = at;
    const header = pattern.exec(line);
    if (header === null) continue;
    const prefix = PREFIX.exec(line.slice(0, Math.min(at, 400)));
    return { time: prefix?.[1], host: prefix?.[2], header };
  }
  return undefined;
}

/** Reads the times of prefixes, which are in UTC unless they say otherwise. */
export class PrefixTime {
  readonly #time: SyslogTime;
  readonly #bytes = new Uint8Array(128);

  constructor(context: Context) {
    this.#time = new SyslogTime("UTC", context.clock, true);
  }

  /** Epoch milliseconds of the time, undefined when there is none; NaN when it is no date. */
  read(text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    this.#time.tick();
    return this.#time.read(this.#bytes, 0, encodeInto(text.slice(0, 40), this.#bytes, 0));
  }
}
