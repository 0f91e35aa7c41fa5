/** Months and weekdays by the bytes of their first three letters, as syslog senders write them. */
export const MONTHS = numbered("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec");
export const WEEKDAYS = numbered("Sun Mon Tue Wed Thu Fri Sat");

/** The key of the three bytes at `at`. */
export function threeBytes(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

function numbered(names: string): ReadonlyMap<number, number> {
  const encoder = new TextEncoder();
  return new Map(names.split(" ").map((name, index) => [threeBytes(encoder.encode(name), 0), index]));
}
