/** What analysts change of messages, and what is kept of that. */
import type { FieldValue } from "../../core/message.ts";

/** Fields to set, and fields to take away. `guid` and `timestamp` cannot be changed. */
export type Patch = {
  readonly set?: Readonly<Record<string, FieldValue>> | undefined;
  readonly remove?: readonly string[] | undefined;
};

/** The changes of a message that are kept, the newest last. */
export type History = {
  readonly changes: readonly Change[];
  /** How many there were before these. */
  readonly earlier: number;
};

/** What one call of `patch` changed. */
export type Change = {
  readonly by: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Empty for the last change that an earlier version made: it noted only who and when. */
  readonly fields: readonly ChangedField[];
};

/** A field that was set, or taken away when the value is null. A value that is too long to be kept is absent. */
type ChangedField = { readonly name: string; readonly value?: FieldValue };
