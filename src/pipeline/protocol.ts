import type { LogFields } from "../core/context.ts";
import type { SensorCounts } from "./metrics.ts";

/** The documents in force, as text: what workers compile their stages from. */
export type Snapshot = {
  readonly revision: number;
  readonly global: string;
  readonly sensors: readonly { readonly name: string; readonly text: string }[];
};

/** From the supervisor to a worker. */
export type ToWorker =
  /** New documents, and the topics of sensors that are new. */
  | {
      readonly type: "configure";
      readonly snapshot: Snapshot;
      readonly topics: Readonly<Record<string, unknown>>;
    }
  /** A table, a database or another shared thing was replaced. */
  | { readonly type: "share"; readonly shares: unknown }
  /** Read to the present end of the topics, seal, and say so. */
  | { readonly type: "drain" }
  /** Seal everything written so far, and say so. */
  | { readonly type: "seal"; readonly id: number };

/** From a worker to the supervisor. */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "counts"; readonly sensors: Readonly<Record<string, SensorCounts>> }
  | { readonly type: "configured"; readonly revision: number }
  | { readonly type: "sealed"; readonly id: number }
  | { readonly type: "drained" }
  | { readonly type: "problem"; readonly sensor: string; readonly message: string }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly sentence: string;
      readonly fields: LogFields;
    };
