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

/** The search of one store. */
export type PacketSearch = {
  readonly packets: PacketHandle;
  readonly question: PacketQuestion;
  /** Epoch milliseconds of the question. */
  readonly now: number;
  /** Absent where the question has no expression. */
  readonly expressions: ExpressionStart | undefined;
};

/** What the thread of a query is given once it is loaded. */
export type QueryWork = PacketSearch & {
  /** The id of the query, and the folder its result is written to. */
  readonly id: string;
  readonly folder: string;
  /** Bytes that the result may take. */
  readonly room: number;
  /** Other processes whose packets are looked through as well: what they find is brought to the thread. */
  readonly hosts: readonly string[];
  /** What is missing from the outset, in sentences: hosts that cannot be asked. */
  readonly missing: readonly string[];
};

/** To the thread of a query, after its work: one part at a time of each host, the next when it was told `taken`. */
export type ToQueryWorker =
  | { readonly type: "part"; readonly host: string; readonly part: Uint8Array }
  /** Nothing more comes of a host; `why` where that is not all it has. */
  | { readonly type: "hostEnded"; readonly host: string; readonly why: string | undefined };

/** To the thread that answers for this host: its work first, then `more` for each part. */
export type HostWork = PacketSearch & {
  /** Bytes that what it finds may take in a result. */
  readonly room: number;
};

export type FromHostWorker =
  | { readonly type: "ready" }
  | { readonly type: "part"; readonly part: Uint8Array }
  | { readonly type: "ended" }
  | { readonly type: "failed"; readonly code: FaultCode | undefined; readonly message: string };

/** How far a query is. */
export type QueryTold = { readonly written: Written; readonly progress: QueryProgress };

export type FromQueryWorker =
  /** It is loaded, and can be given its query. */
  | { readonly type: "ready" }
  /** A part of a host was written, and the next may come. */
  | { readonly type: "taken"; readonly host: string }
  | (QueryTold & { readonly type: "progress" })
  | (QueryTold & { readonly type: "ended"; readonly isCut: boolean })
  | {
      readonly type: "failed";
      readonly code: FaultCode | undefined;
      /** What went wrong, or the stack of a bug. */
      readonly message: string;
    };
