import type { FaultCode } from "../../core/fault.ts";

/** The parts of what an index tells of itself (`IndexStats` in contract.ts). */

/** Files of an archive: a second place for what is sealed, where it stays when this machine has no room for it any more. */
export type ArchiveStats = {
  /** Whether files are archived now; what was archived before may be there all the same. */
  readonly isOn: boolean;
  /** What counts in the archive. */
  readonly archived: FileAmount;
  /** Of this, what is nowhere else, and of which sensors. */
  readonly only: FileAmount & { readonly sensors: readonly string[] };
  /** What is not archived yet. */
  readonly waiting: FileAmount;
  /** Of this, what would be dropped from this machine and stays until it is archived. */
  readonly held: FileAmount;
  /** Since the start. */
  readonly uploadedBytes: number;
  /** Bytes of copies for searches, and how many they may have. */
  readonly cache: { readonly bytes: number; readonly limit: number };
  /** Why nothing can be archived at the moment, and since when, epoch milliseconds. */
  readonly failure?: { readonly code: FaultCode; readonly message: string; readonly since: number };
};

type FileAmount = { readonly files: number; readonly messages: number; readonly bytes: number };

/** How busy searches keep the index. The last three count since the start. */
export type SearchLoad = {
  readonly running: number;
  readonly waiting: number;
  /** Refused because too many waited. */
  readonly refused: number;
  /** Ended for a limit of time or memory. */
  readonly limited: number;
  /** Those whose client went away before there was an answer. */
  readonly abandoned: number;
  /** Whether one was refused within the last minute. */
  readonly isSaturated: boolean;
};

export type SensorStats = {
  readonly sensor: string;
  readonly messages: number;
  readonly bytes: number;
  readonly segments: number;
  readonly fields: number;
  /** Of these, fields beyond the limit that are kept together: they are found, only more slowly. */
  readonly together: number;
  /** Whether there are more of these than are counted. */
  readonly hasMore: boolean;
  /** Time of the oldest and the newest message, epoch milliseconds. */
  readonly from: number;
  readonly to: number;
};

/** Copies of alerts in another engine, which answers searches of alerts as long as it has them all. */
export type AlertCopyStats = {
  /** Whether it has all alerts but those that wait: else the files answer. */
  readonly isWhole: boolean;
  /** Messages whose copies are to be made, changed or taken away; not counted is what was stored before the first copy was made. */
  readonly waiting: number;
  /** Made since the start. */
  readonly copied: number;
  /** Searches of alerts since the start, by what answered them. */
  readonly answers: { readonly copies: number; readonly files: number };
  /** Why copies cannot be made at the moment, and since when, epoch milliseconds. */
  readonly failure?: { readonly code: FaultCode; readonly message: string; readonly since: number };
  /** Why copies are not asked for a moment, as they did not answer the last search, and since when. */
  readonly unanswered?: { readonly code: FaultCode; readonly message: string; readonly since: number };
};

export type FieldType = "text" | "long" | "double" | "boolean" | "json" | "mixed";

export type FieldInfo = {
  readonly name: string;
  /** The type of most values; "json" is a list or a map, "mixed" differs from sensor to sensor. */
  readonly type: FieldType;
  readonly sensors: readonly string[];
};
