/** By what messages are sorted. */

export type Sort = {
  readonly field: string;
  readonly descending: boolean;
  /** What values are compared as; what most of them are when absent. For who puts answers of several embedded indexes together. */
  readonly as?: SortKind | undefined;
};

export type SortKind = "number" | "boolean" | "text";

/** By what the messages of a page are sorted. */
export type Places = {
  /** What the values of each key of the sort are here; undefined where no message has one. */
  readonly kinds: readonly (SortKind | undefined)[];
  /** The values of each message, the last of them its guid. */
  readonly values: readonly (readonly unknown[])[];
};
