/** English names; the short ones are the first three letters. */
export const MONTHS: readonly string[] = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** Sunday first, as Java counts them from 1. */
export const DAYS: readonly string[] = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
];

/** A finder of names by either form in any case; it answers index and length, or undefined. */
export function nameFinder(
  names: readonly string[],
): (text: string, start: number) => { index: number; length: number } | undefined {
  const lower = names.map((name) => name.toLowerCase());
  const byStart = new Map(lower.map((name, index) => [name.slice(0, 3), index]));
  return (text, start) => {
    const index = byStart.get(text.slice(start, start + 3).toLowerCase());
    if (index === undefined) return undefined;
    const long = lower[index] as string;
    const isLong = text.slice(start, start + long.length).toLowerCase() === long;
    return { index, length: isLong ? long.length : 3 };
  };
}
