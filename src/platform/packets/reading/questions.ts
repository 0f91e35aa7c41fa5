import type {
  ConversationSummary,
  getConversation,
  getHttp,
  getTiming,
  listConversations,
} from "../../../api/conversations.ts";
import type { ResponseOf } from "../../../api/endpoint.ts";
import type { getPacket, listPackets } from "../../../api/packet-reading.ts";
import type { FaultCode } from "../../../core/fault.ts";
import type { ResultPlace } from "../result/result-files.ts";
import type { ResultObject } from "./objects.ts";

/** What is asked of the threads that read results, and what they answer. Numbers of packets, conversations and files count from 1. */

type Page = { readonly after: number; readonly size: number };

export type ReadingQuestions = {
  rows: {
    readonly ask: Page & { readonly search: string; readonly now: number };
    readonly answer: Pick<ResponseOf<typeof listPackets>, "rows" | "next">;
  };
  packet: { readonly ask: { readonly number: number }; readonly answer: ResponseOf<typeof getPacket> };
  streams: {
    readonly ask: Page;
    readonly answer: Omit<ResponseOf<typeof listConversations>, "isPartial">;
  };
  stream: {
    readonly ask: Page & { readonly stream: number; readonly direction: "both" | "client" | "server" };
    readonly answer: Omit<ResponseOf<typeof getConversation>, "isPartial">;
  };
  http: {
    readonly ask: Page & { readonly stream: number };
    readonly answer: Omit<ResponseOf<typeof getHttp>, "isPartial">;
  };
  timing: {
    readonly ask: { readonly stream: number; readonly buckets: number };
    readonly answer: ResponseOf<typeof getTiming>;
  };
  side: {
    readonly ask: { readonly stream: number; readonly side: "client" | "server" };
    readonly answer: { readonly bytes: Uint8Array; readonly missing: number };
  };
  /** Numbers, from 0, of the packets of a conversation, or of those that one side sent. */
  numbers: {
    readonly ask: { readonly stream: number; readonly direction: "both" | "client" | "server" };
    readonly answer: { readonly numbers: Uint32Array; readonly stream: ConversationSummary };
  };
  objects: {
    readonly ask: Page & { readonly stream: number | undefined };
    readonly answer: {
      readonly objects: readonly ResultObject["shown"][];
      readonly total: number;
      readonly next?: number;
      readonly leftOut: string[];
    };
  };
  /** A file with its first bytes. */
  object: {
    readonly ask: { readonly number: number; readonly most: number };
    readonly answer: { readonly shown: ResultObject["shown"]; readonly bytes: Uint8Array };
  };
  /** A file in an encrypted zip. */
  zip: {
    readonly ask: { readonly number: number; readonly password: string };
    readonly answer: { readonly shown: ResultObject["shown"]; readonly zip: Uint8Array };
  };
};

export type ReadingKind = keyof ReadingQuestions;

export type ToReadingThread = {
  [Kind in ReadingKind]: {
    readonly kind: Kind;
    readonly ask: ReadingQuestions[Kind]["ask"];
    readonly result: ResultPlace;
  };
}[ReadingKind];

export type FromReadingThread =
  /** It is loaded. */
  | { readonly type: "ready" }
  | { readonly type: "answer"; readonly answer: ReadingQuestions[ReadingKind]["answer"] }
  | {
      readonly type: "refused";
      readonly code: FaultCode;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>> | undefined;
    }
  | { readonly type: "crashed"; readonly stack: string };
