const MOST_LONG = 9223372036854775807n;

/** The number a text spells, whole numbers of 64 bits exactly; undefined when it is none. */
export function numberOf(text: string): number | bigint | undefined {
  if (/^[+-]?\d{1,19}$/.test(text)) {
    const value = BigInt(text.replace("+", ""));
    if (value <= MOST_LONG && value >= -MOST_LONG - 1n) return value;
  }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
