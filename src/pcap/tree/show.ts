/** How numbers and bytes are shown. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Bytes as hex with colons. */
export function hexOf(bytes: Uint8Array, start: number, end: number): string {
  return Array.from(bytes.subarray(start, end), (byte) => HEX[byte]).join(":");
}

/** As hex of that many digits. */
export const hex =
  (digits: number) =>
  (value: number): string =>
    `0x${value.toString(16).padStart(digits, "0")}`;

/** The name of a value before it, where it has one: `SYN (1)`. */
export const named =
  (names: Readonly<Record<number, string>> | ReadonlyMap<number, string>, digits = 0) =>
  (value: number): string => {
    const written = digits > 0 ? hex(digits)(value) : String(value);
    const name = names instanceof Map ? names.get(value) : (names as Readonly<Record<number, string>>)[value];
    return name === undefined ? written : `${name} (${written})`;
  };

/** With a unit. */
export const unit =
  (word: string) =>
  (value: number): string =>
    `${value} ${word}`;
