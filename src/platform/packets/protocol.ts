import type { PacketQuestion } from "../../api/packet-selection.ts";
import type { FaultCode } from "../../core/fault.ts";
import type { PacketHandle, QueryProgress } from "../../storage/packets/contract.ts";
import type { EvaluatorStart } from "../evaluator.ts";
import type { FunctionSource } from "../functions.ts";
import type { Written } from "./result/result-writer.ts";

/** What a thread that evaluates expressions over packets starts with. */
export type ExpressionStart = EvaluatorStart & {
  /** The global document. */
  readonly global: string;
  readonly functions: readonly FunctionSource[];
};

/** What the thread of a query is given once it is loaded. */
export type QueryWork = {
  /** The id of the query, and the folder its result is written to. */
  readonly id: string;
  readonly folder: string;
  readonly packets: PacketHandle;
  readonly question: PacketQuestion;
  /** Epoch milliseconds of the question. */
  readonly now: number;
  /** Bytes that the result may take. */
  readonly room: number;
  /** Absent where the question has no expression. */
  readonly expressions: ExpressionStart | undefined;
};

/** How far a query is. */
export type QueryTold = { readonly written: Written; readonly progress: QueryProgress };

export type FromQueryWorker =
  /** It is loaded, and can be given its query. */
  | { readonly type: "ready" }
  | (QueryTold & { readonly type: "progress" })
  | (QueryTold & { readonly type: "ended"; readonly isCut: boolean })
  | {
      readonly type: "failed";
      readonly code: FaultCode | undefined;
      /** What went wrong, or the stack of a bug. */
      readonly message: string;
    };
