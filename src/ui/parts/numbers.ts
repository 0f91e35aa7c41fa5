const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** 12,345 */
export function countText(count: number): string {
  return whole.format(count);
}

/** 1 packet, 12,345 packets: a number of things whose name has an s when there are others than one. */
export function counted(count: number, thing: string): string {
  return `${countText(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** 12.3K */
export function shortCount(count: number): string {
  return short.format(count);
}

/** A rate per second: one digit below ten, whole above. */
export function rateText(rate: number): string {
  if (rate > 0 && rate < 0.05) return "<0.1";
  return rate < 10 && rate % 1 !== 0 ? rate.toFixed(1) : shortCount(Math.round(rate));
}

/** How long ago, in the largest unit that fits. */
export function agoText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}
