import type { Failure } from "../../../core/fault.ts";
import type { Client } from "./client.ts";
import type { SeenFields } from "./document.ts";
import type { Internal } from "./internal.ts";
import type { Names } from "./names.ts";

/** What a writer is opened with. */
export type WriterParts = {
  readonly client: Client;
  readonly names: Names;
  readonly internal: Internal;
  /** The index that the writer belongs to, in this thread or another. */
  readonly owner: WriterOwner;
  /** How long OpenSearch may be silent before that is told, milliseconds. */
  readonly patience: number;
};

/** What a writer tells, and asks, the index that it belongs to. */
export type WriterOwner = {
  /** Resolves when the earlier writer of the name has stored what it had committed. */
  entered(): Promise<void>;
  /** Up to where a partition is committed by any writer of this process; undefined when by none. */
  committedPosition(key: string): Promise<number | undefined>;
  committed(key: string, offset: number): void;
  /** Up to where partitions are stored, by their keys. */
  stored(positions: ReadonlyMap<string, number>): void;
  /** Fields of a sensor that were not seen before. */
  noted(sensor: string, seen: SeenFields): void;
  /** Why nothing can be stored, and for how many milliseconds by now; undefined when it can again. */
  failing(failure: Failure | undefined, lasting: number): void;
  refused(sensor: string, count: number, reason: string): void;
};
