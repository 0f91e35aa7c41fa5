/** The files of a result, in its folder. */
export const RESULT = {
  /** What its key is derived with, where the store is encrypted. */
  salt: "salt",
  packets: "packets.pcapng",
  rows: "rows.index",
  /** The rows in the order of time, where they were found in another: there once the query has ended. */
  sorted: "sorted.index",
  interfaces: "interfaces.json",
} as const;

/** A result as it is read. */
export type ResultPlace = {
  readonly id: string;
  readonly folder: string;
  /** What the store's packets are encrypted with; undefined: they are not. */
  readonly secret: string | undefined;
  /** How many packets the query says that it has written. */
  readonly count: number;
  /**
   * Whether it had ended when it was looked at: then its packets are in the order of time, otherwise as they were found. Packets keep their
   * numbers for whoever goes on with the same place, also when the query ends meanwhile.
   */
  readonly hasEnded: boolean;
};
