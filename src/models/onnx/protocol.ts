/** What a pipeline's thread and the thread that runs its models say to each other. Numbers travel in shared memory. */
import type { MessagePort } from "node:worker_threads";
import type { OnnxPlan } from "./check.ts";

export type ToRuntime =
  /** Read a file, which must have the hash, and make it ready. */
  | { readonly type: "open"; readonly id: number; readonly path: string; readonly hash: string }
  /** Score `count` messages: `features` has `width` numbers of each, `scores` gets one of each. */
  | {
      readonly type: "score";
      readonly id: number;
      readonly plan: OnnxPlan;
      readonly count: number;
      readonly width: number;
      readonly features: Float32Array;
      readonly scores: Float64Array;
    }
  /** Give free what a model holds. It has no answer. */
  | { readonly type: "close"; readonly id: number };

/** What came of a request, in the order of the requests; no failure is good news. */
export type FromRuntime = { readonly failure?: string };

/** What the thread that runs models begins with. `answers` counts the answers it has sent. */
export type RuntimeStart = { readonly port: MessagePort; readonly answers: Int32Array };
