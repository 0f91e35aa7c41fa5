import type { Part } from "../reassembly/view.ts";

/** A file that was opened, and what of it was read or written. */
export type SmbFile = {
  name: string;
  readonly share: string;
  /** Its size when it was opened; undefined when that was not captured. */
  size: number | undefined;
  /** What was moved, in the order in which it was. Later parts lie over earlier ones. */
  readonly reads: SmbPart[];
  readonly writes: SmbPart[];
};

export type SmbPart = {
  readonly offset: number;
  readonly start: number;
  readonly end: number;
  readonly parts: readonly Part[];
};

/** Most files, and most requests that wait for an answer, that are kept. */
export const SMB_LIMIT = 10_000;

/** Opens a file under a name; undefined where there are too many. */
export type OpenFile = (name: string, share: string, size: number | undefined) => SmbFile | undefined;
