import type { MessagePort } from "node:worker_threads";
import type { CaptureState } from "../../api/captures.ts";
import type { Block } from "../../core/block.ts";
import type { LogFields } from "../../core/context.ts";
import type { Failure } from "../../core/fault.ts";
import type { CaptureChoice, CaptureProgress, CaptureStart } from "../../sources/capture/taking.ts";
import type { PacketHandle } from "../../storage/packets/contract.ts";

/** What a capture begins with. */
export type CaptureThreadStart = {
  readonly name: string;
  readonly input: /** What the platform sends; an endless one goes on until it is stopped. */
    | { readonly kind: "stream"; readonly isEndless: boolean }
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "interface"; readonly interface: string };
  readonly choice: CaptureChoice;
  readonly isPacketsOnly: boolean;
  readonly after: CaptureStart | undefined;
  readonly packets: PacketHandle;
};

/** From the platform to a thread that takes captures, one after another. */
export type ToCaptureWorker =
  /** The capture talks through a port of its own, so that nothing of one is taken for a part of the next. */
  | { readonly type: "begin"; readonly start: CaptureThreadStart; readonly port: MessagePort }
  /** To end when nothing is left to do. */
  | { readonly type: "close" };

/** From the platform to a capture in its thread. */
export type ToCapture =
  /** The next bytes of a stream; one for each `more`. */
  | { readonly type: "bytes"; readonly bytes: Uint8Array }
  /** The stream is over; `broken` says why, if it is not whole. */
  | { readonly type: "end"; readonly broken?: string | undefined }
  /** A block of records is durable, or never will be. */
  | { readonly type: "delivered"; readonly id: number; readonly failure?: Failure | undefined }
  | { readonly type: "stop" };

/** What a thread tells of a capture while it takes it. */
export type TakenState = Pick<
  CaptureState,
  | "read"
  | "format"
  | "interfaces"
  | "packets"
  | "bytes"
  | "stored"
  | "flows"
  | "records"
  | "first"
  | "last"
  | "dropped"
  | "filtered"
  | "shortened"
  | "unreadable"
  | "problems"
  | "problemCount"
  | "notes"
> & {
  /** What is wrong with the capture, in a few words; undefined of one that is as it should be. */
  readonly damage?: string | undefined;
};

/** From a capture in its thread to the platform. */
export type FromCapture =
  /** There is room for more bytes. */
  | { readonly type: "more" }
  /** Packets of an interface are listened to. */
  | { readonly type: "begun" }
  | { readonly type: "records"; readonly id: number; readonly block: Block }
  /** How far it is; `waits` says for what it waits. `progress` is what is durable. */
  | {
      readonly type: "state";
      readonly state: TakenState;
      readonly progress: CaptureProgress;
      readonly waits: string | undefined;
    }
  /** All that came is stored and delivered. `broken` says why more was to come. */
  | { readonly type: "ended"; readonly broken?: string | undefined }
  | { readonly type: "failed"; readonly failure: Failure }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly sentence: string;
      readonly fields: LogFields;
    };
