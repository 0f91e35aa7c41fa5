/** How indexes of several processes take turns in reading partitions. */

/** How far a partition is kept. */
export type PartitionStanding = {
  /** Up to where all indexes together have it. */
  readonly offset: number | undefined;
  /** Up to where this one had it when it noted something last, and whichever of the others was furthest then. */
  readonly own: number;
  readonly others: number;
};

/** Asks how far a partition is kept; undefined while nobody can tell, as its sensor is not in force. */
export type ReadStanding = (topic: string, partition: number) => Promise<PartitionStanding | undefined>;

/**
 * Notes for all processes that this one has sealed a partition up to `offset`. Resolves to false when it is another's to read: nothing was noted then, and
 * nothing will be. Rejects while that is in doubt.
 */
export type Claim = (topic: string, partition: number, offset: number) => Promise<boolean>;
