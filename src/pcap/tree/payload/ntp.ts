import { type Cursor, flags, left, long, malformed, number, raw, rest } from "../cursor.ts";
import { hex, named } from "../show.ts";
import type { Step } from "../step.ts";

const MODES = {
  1: "symmetric active",
  2: "symmetric passive",
  3: "client",
  4: "server",
  5: "broadcast",
  6: "control",
  7: "private",
};
/** Seconds from 1900 to 1970. */
const EPOCH = 2_208_988_800;

/** What time it is (RFC 5905). */
export const ntp: Step = {
  name: "ntp",
  label: "Network Time Protocol",
  read(cursor) {
    if (left(cursor) === 0) malformed("there is nothing");
    const mode = cursor.bytes[cursor.at]! & 7;
    flags(cursor, 1, "ntp.flags", "Flags", [
      ["ntp.flags.li", "Leap", 0xc0],
      ["ntp.flags.vn", "Version", 0x38],
      ["ntp.flags.mode", "Mode", 0x07, named(MODES)],
    ]);
    // Control and private messages have other contents.
    if (mode > 5) {
      rest(cursor, "ntp.data", "Content");
      return undefined;
    }
    number(cursor, 1, "ntp.stratum", "Stratum");
    number(cursor, 1, "ntp.ppoll", "Poll interval", (power) => `${power} (${2 ** power} s)`);
    number(
      cursor,
      1,
      "ntp.precision",
      "Precision",
      (power) => `2 to the ${power > 127 ? power - 256 : power} s`,
    );
    number(cursor, 4, "ntp.rootdelay", "Delay to the reference", seconds);
    number(cursor, 4, "ntp.rootdispersion", "Dispersion", seconds);
    raw(cursor, 4, "ntp.refid", "Reference");
    time(cursor, "ntp.reftime", "Reference time");
    time(cursor, "ntp.org", "Origin time");
    time(cursor, "ntp.rec", "Receive time");
    time(cursor, "ntp.xmt", "Transmit time");
    if (left(cursor) >= 20) {
      number(cursor, 4, "ntp.keyid", "Key", hex(8));
      raw(cursor, left(cursor) >= 20 ? 20 : 16, "ntp.mac", "Authentication code");
    }
    rest(cursor, "ntp.ext", "Extensions");
    return undefined;
  },
};

const seconds = (value: number): string => `${(value / 65_536).toFixed(6)} s`;

function time(cursor: Cursor, name: string, label: string): void {
  const value = long(cursor, name, label, false, true);
  if (value === 0n) return;
  const moment =
    (Number(value >> 32n) - EPOCH) * 1000 + Math.round(Number(value & 0xffff_ffffn) / 4_294_967.296);
  cursor.fields.at(-1)!.shown = new Date(moment).toISOString();
}
