import type { LogFields } from "../core/context.ts";
import type { Failure } from "../core/fault.ts";
import type { DatabaseHandles } from "../enrichments/addresses/databases.ts";
import type { ModelCounts } from "../models/counts.ts";
import type { SensorCounts } from "../pipeline/metrics.ts";
import type { ProfileCounts } from "../profiles/counts.ts";
import type { AllowedFolders } from "../storage/allowed-folders.ts";
import type { IndexHandle } from "../storage/index/contract.ts";
import type { TableHandle } from "../storage/table/contract.ts";
import type { Membership, TopicHandle } from "../storage/topic/contract.ts";
import type { FunctionSource } from "./functions.ts";
import type { ModelRequest } from "./models/protocol.ts";
import type { ProfileRequest } from "./profiles/protocol.ts";

/** A document in force. One with the same version is the same document. */
export type DocumentText = { readonly version: number; readonly text: string };

/** The documents in force, as text: what workers compile their stages from. */
export type Snapshot = {
  readonly revision: number;
  readonly global: DocumentText;
  readonly sensors: readonly (DocumentText & { readonly name: string })[];
  readonly profiles: DocumentText;
  /** Functions of users, as found on disk and in the store. */
  readonly functions: readonly FunctionSource[];
};

/** Memory and files that threads read together. */
export type Shares = {
  readonly databases?: DatabaseHandles;
};

/** What the supervisor hands to a new worker. */
export type WorkerStart = {
  /** Under which name it reads its share of every topic. */
  readonly membership: Membership;
  readonly timeZone: string;
  readonly snapshot: Snapshot;
  readonly topics: Readonly<Record<string, TopicHandle>>;
  /** The topic of routes; undefined as long as there were never any profiles. */
  readonly routes: TopicHandle | undefined;
  /** The writer that is this worker's. */
  readonly index: IndexHandle;
  readonly tables: {
    readonly enrichment: TableHandle;
    readonly threatIntel: TableHandle;
    readonly profiler: TableHandle;
  };
  /** What models have learned. */
  readonly models: TableHandle;
  readonly shares: Shares;
  /** The data folder, and those that documents may name files below. */
  readonly folders: AllowedFolders;
  /** Whether it may read its topics at once, or waits for `begin`. */
  readonly begins: boolean;
};

/** Where a worker that is to end stops reading: at the present end of its topics, or where it is, as others read on. */
export type Drain = "read to the end" | "hand over";

/** From the supervisor to a worker. */
export type ToWorker =
  /** New documents, and the topics of all their sensors. */
  | ({ readonly type: "configure"; readonly snapshot: Snapshot } & Pick<WorkerStart, "topics" | "routes">)
  /** What was asked for is done. `failure`: why it is not. */
  | { readonly type: "answer"; readonly id: number; readonly failure?: Failure }
  | { readonly type: "share"; readonly shares: Shares }
  /** Read the topics: what messages are enriched from is loaded. */
  | { readonly type: "begin" }
  /** Stop reading, seal, say so and end. */
  | { readonly type: "drain"; readonly how: Drain }
  /** Seal everything written so far, and say so. */
  | { readonly type: "seal"; readonly id: number };

/** From a worker to the supervisor. */
export type FromWorker =
  | { readonly type: "ready"; readonly revision: number }
  | {
      readonly type: "counts";
      readonly sensors: Readonly<Record<string, SensorCounts>>;
      readonly profiles: Readonly<Record<string, ProfileCounts>>;
      readonly models: readonly ModelCounts[];
    }
  /** Something that only the thread may do that owns topics and tables. */
  | { readonly type: "ask"; readonly id: number; readonly request: ProfileRequest | ModelRequest }
  /** What keeps routes of a partition from being counted; no failure says that they are again. */
  | { readonly type: "profile problem"; readonly partition: number; readonly failure?: Failure | undefined }
  | { readonly type: "configured"; readonly revision: number }
  /** `failure`: why what it had written is not on disk. */
  | { readonly type: "sealed"; readonly id: number; readonly failure?: string }
  | { readonly type: "drained" }
  /** What keeps a partition of a sensor from being read, or all of them here; no failure says that it is read again. */
  | {
      readonly type: "problem";
      readonly sensor: string;
      readonly partition?: number;
      readonly failure?: Failure;
    }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly sentence: string;
      readonly fields: LogFields;
    };
