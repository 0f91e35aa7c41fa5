import type { RetentionRule } from "../contract.ts";
import type { Segment } from "./catalogue.ts";

/** The segments that rules give up: wholly too old, then the oldest of a sensor that is too large. */
export function outdated(
  segments: Iterable<Segment>,
  rules: readonly RetentionRule[],
  now: number,
): Segment[] {
  const removed: Segment[] = [];
  for (const [sensor, own] of Map.groupBy(segments, (segment) => segment.sensor)) {
    const rule = rules.find((one) => one.sensor === sensor) ?? rules.find((one) => one.sensor === "*");
    if (rule === undefined) continue;
    const newest = own.toSorted((a, b) => b.maxTime - a.maxTime);
    let bytes = 0;
    for (const segment of newest) {
      const tooOld = rule.age !== undefined && segment.maxTime < now - rule.age;
      const tooMuch = rule.bytes !== undefined && bytes + segment.bytes > rule.bytes;
      if (tooOld || tooMuch) removed.push(segment);
      // What is older than something too much is too much as well.
      bytes += tooMuch ? Number.POSITIVE_INFINITY : segment.bytes;
    }
  }
  return removed;
}
