import { left, number, raw, rest } from "./cursor.ts";
import { IP_PROTOCOLS } from "./numbers.ts";
import { hex, named } from "./show.ts";
import { next, type Step } from "./step.ts";

/** Encrypted packets (RFC 4303): what can be read of them without the key. */
export const esp: Step = {
  name: "esp",
  label: "Encapsulating Security Payload",
  read(cursor) {
    number(cursor, 4, "esp.spi", "Security parameters index", hex(8));
    number(cursor, 4, "esp.sequence", "Sequence number");
    rest(cursor, "esp.encrypted_data", "Encrypted");
    return undefined;
  },
};

/** The authentication header (RFC 4302). */
export const ah: Step = {
  name: "ah",
  label: "Authentication Header",
  read(cursor) {
    const start = cursor.at;
    const protocol = number(cursor, 1, "ah.next_header", "Next header", named(IP_PROTOCOLS));
    const words = number(cursor, 1, "ah.length", "Length", (value) => `${4 * (value + 2)} bytes (${value})`);
    number(cursor, 2, "ah.reserved", "Reserved");
    number(cursor, 4, "ah.spi", "Security parameters index", hex(8));
    number(cursor, 4, "ah.sequence", "Sequence number");
    const check = start + 4 * (words + 2) - cursor.at;
    if (check > 0) raw(cursor, check, "ah.icv", "Integrity check");
    return left(cursor) > 0 ? next({ protocol }, cursor) : undefined;
  },
};
