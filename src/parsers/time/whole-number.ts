const MOST = 2n ** 63n;

/** The 64-bit whole number that a text spells as Java reads it: digits with a sign or without; undefined for others. */
export function wholeNumber(text: string): bigint | undefined {
  if (!/^[+-]?\d{1,40}$/.test(text)) return undefined;
  const number = BigInt(text.replace("+", ""));
  return number >= -MOST && number < MOST ? number : undefined;
}
