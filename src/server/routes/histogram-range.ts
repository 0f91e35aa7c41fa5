import type { Histogram, HistogramRequest } from "../../storage/index/contract.ts";

/** A part of the messages this small may be outside of what is shown. */
const FEW = 0.01;
/** Among fewer messages than this, no message counts as one of few. */
const SOME = 10;
/** Few messages are outside when what separates them is so many times as long as all the others take. */
const FAR = 10;
/** A range whose messages take less than this part of it is drawn closer. */
const TIGHT = 0.25;
/** Each round makes the range shorter by a factor of four at the least. */
const ROUNDS = 12;

/** How many messages are before and after the range of a histogram. */
type Outside = { readonly before: number; readonly after: number };

export type RobustHistogram = {
  readonly histogram: Histogram;
  /** The range that was counted, where the request left a side of it open. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly outside: Outside;
};

/**
 * Counts over time so that a few messages of another age, such as one of 1970 among a day's, do not press all others
 * into one bar: where the request leaves a side open, messages that are few and far away are left outside and counted.
 */
export async function robustHistogram(
  request: HistogramRequest,
  count: (request: HistogramRequest) => Promise<Histogram>,
): Promise<RobustHistogram> {
  let { from, to } = request;
  const open = { before: from === undefined, after: to === undefined };
  const outside = { before: 0, after: 0 };
  let histogram = await count(request);
  const messages = total(histogram);
  const allowed = messages < SOME ? 0 : Math.max(1, FEW * messages);
  for (let round = 0; round < ROUNDS && (open.before || open.after); round++) {
    const core = coreOf(histogram, open, allowed - outside.before - outside.after);
    if (core === undefined) break;
    // A range that the request begins goes on to now, though nothing may have come of late.
    if (request.from !== undefined && core.before + core.after === 0) break;
    outside.before += core.before;
    outside.after += core.after;
    const { buckets, interval } = histogram;
    if (open.before) from = buckets[core.first]?.time;
    if (open.after) to = (buckets[core.last]?.time ?? 0) + interval;
    histogram = await count({ ...request, from, to });
  }
  return { histogram, from, to, outside };
}

type Core = {
  /** The first and the last bucket to be shown. */
  readonly first: number;
  readonly last: number;
  /** Messages in the buckets before and after. */
  readonly before: number;
  readonly after: number;
};

/** What of a histogram to look at more closely; undefined when it is right as it is. */
function coreOf(
  { buckets, interval }: Histogram,
  open: { readonly before: boolean; readonly after: boolean },
  allowed: number,
): Core | undefined {
  const filled = buckets.flatMap(({ count }, index) => (count > 0 ? [index] : []));
  let [low, high] = [0, filled.length - 1];
  if (high < 0 || interval <= 1) return undefined;
  const at = (place: number): number => filled[place] as number;
  const counts = { before: 0, after: 0 };
  for (;;) {
    const rest = allowed - counts.before - counts.after;
    const before = open.before ? gap(buckets, filled.slice(low, high + 1), rest) : undefined;
    const after = open.after ? gap(buckets, filled.slice(low, high + 1).reverse(), rest) : undefined;
    if (before !== undefined) {
      counts.before += before.dropped;
      low += before.places;
    } else if (after !== undefined) {
      counts.after += after.dropped;
      high -= after.places;
    } else break;
  }
  const [first, last] = [open.before ? at(low) : 0, open.after ? at(high) : buckets.length - 1];
  const isTight = last - first + 1 > TIGHT * buckets.length;
  return isTight && counts.before + counts.after === 0 ? undefined : { first, last, ...counts };
}

/**
 * Finds the gap that separates few messages at the start of the filled buckets from many behind it: it is much longer
 * than all that is behind. Answers how many buckets are before it, and how many messages.
 */
function gap(
  buckets: Histogram["buckets"],
  filled: readonly number[],
  allowed: number,
): { readonly places: number; readonly dropped: number } | undefined {
  const last = filled.at(-1) as number;
  let dropped = 0;
  for (let place = 0; place + 1 < filled.length; place++) {
    const [here, next] = [filled[place] as number, filled[place + 1] as number];
    dropped += buckets[here]?.count ?? 0;
    if (dropped > allowed) return undefined;
    if (Math.abs(next - here) - 1 >= FAR * (Math.abs(last - next) + 1)) return { places: place + 1, dropped };
  }
  return undefined;
}

function total({ buckets }: Histogram): number {
  return buckets.reduce((sum, { count }) => sum + count, 0);
}
