import type { MessagePort } from "node:worker_threads";
import type { IndexHandle } from "../contract.ts";
import type { Connection } from "./client.ts";

const ENGINE = "opensearch";

/** What another thread opens its writer with: it has a connection of its own, and tells the index what it does. */
export type WriterHandle = {
  readonly transfer: [MessagePort];
  readonly engine: typeof ENGINE;
  readonly connection: Connection;
  readonly prefix: string;
  /** How long OpenSearch may be silent before that is told, milliseconds. */
  readonly patience: number;
};

export function handleOf(parts: Omit<WriterHandle, "engine">): WriterHandle {
  return { ...parts, engine: ENGINE };
}

/** Whether a handle is of a writer to OpenSearch. */
export function isOpenSearchHandle(handle: IndexHandle): boolean {
  return (handle as Partial<WriterHandle>).engine === ENGINE;
}
