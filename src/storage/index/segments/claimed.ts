/** What was sealed of a partition, the records from `from` to before `to`, and is not known to all processes yet. */
export type Claimed = {
  readonly id: string;
  /** The partition, by its `positionKey`. */
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** Ids of the segments with its messages. */
  readonly segments: readonly string[];
};
