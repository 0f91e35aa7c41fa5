/** How indexes of several processes take turns in reading partitions. */

/** Up to where all indexes together have a partition, and up to where this one had it when it noted something last. */
export type ReadStanding = (
  topic: string,
  partition: number,
) => Promise<{ readonly offset: number | undefined; readonly own: number }>;

/**
 * Notes for all processes that this one has sealed a partition up to `offset`. Resolves to false when it is another's to read: nothing was noted then, and
 * nothing will be. Rejects while that is in doubt.
 */
export type Claim = (topic: string, partition: number, offset: number) => Promise<boolean>;
