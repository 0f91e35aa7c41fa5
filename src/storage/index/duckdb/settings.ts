import type { ArchiveOptions } from "../../archive/contract.ts";
import { LAYOUT } from "../../layout-version.ts";
import type { Follower } from "../follower.ts";

export type DuckdbOptions = {
  /** Bytes DuckDB may use; 512 MB when absent. What is not sealed yet comes on top, up to 320 MB at full speed. */
  readonly memory?: number;
  readonly threads?: number;
  /** Bytes on disk for what does not fit into the memory; 2 GB when absent. */
  readonly temporaryBytes?: number;
  /** Searches at work at a time, and those that may wait. */
  readonly concurrent?: number;
  readonly waiting?: number;
  /** Milliseconds a search may work, and may keep a place that others wait for. */
  readonly searchTime?: number;
  readonly patience?: number;
  /** Messages, bytes and milliseconds after which what was written is sealed. */
  readonly sealRows?: number;
  readonly sealBytes?: number;
  readonly sealAge?: number;
  /** Fields a sensor that get a column of their own; the rest stay searchable, slower. */
  readonly columns?: number;
  /** Messages looked at first when the newest are wanted; then four times as many, and so on. */
  readonly firstRows?: number;
  /** Messages a batch must have to go to disk as it is; smaller ones are put together first. */
  readonly groupRows?: number;
  /** false hands every text to DuckDB by a call of its own, as is done by itself when DuckDB is an unknown version. */
  readonly pointers?: boolean;
  /** The script of the thread that writes files, without its ending; a test puts a faulty one here. */
  readonly segmentWriter?: string;
  /** Whether small files are merged from time to time; true when absent. */
  readonly merges?: boolean;
  /** The layout of the data folder (layout-version.ts); the present one when absent. */
  readonly layout?: number;
  /** Where sealed files are copied to; undefined: nowhere. */
  readonly archive?: ArchiveOptions | undefined;
  /** What keeps up with the messages; undefined: nothing. */
  readonly follower?: Follower | undefined;
};

type Optional = "archive" | "follower";
export type Settings = Required<Omit<DuckdbOptions, Optional>> & Pick<DuckdbOptions, Optional>;

export const DEFAULTS: Settings = {
  memory: 512_000_000,
  threads: 2,
  temporaryBytes: 2_000_000_000,
  concurrent: 4,
  waiting: 200,
  searchTime: 30_000,
  patience: 1000,
  sealRows: 131_072,
  sealBytes: 160_000_000,
  sealAge: 30_000,
  columns: 400,
  groupRows: 2048,
  firstRows: 400_000,
  pointers: true,
  segmentWriter: "./segment-worker",
  merges: true,
  layout: LAYOUT,
};
