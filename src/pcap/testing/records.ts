import { createReadStream } from "node:fs";
import { openDecoder } from "../decode/decode.ts";
import { type FlowLimits, type Flows, openFlows } from "../flows/flows.ts";
import { readCapture } from "../formats/read-capture.ts";
import type { Packets } from "../packets.ts";

export type ReadRecord = { readonly kind: string; readonly fields: Readonly<Record<string, unknown>> };

/** Opens flows whose records are collected. */
export function collectRecords(limits: Partial<FlowLimits> = {}): { flows: Flows; records: ReadRecord[] } {
  const records: ReadRecord[] = [];
  const flows = openFlows({
    limits,
    emit(record) {
      const [[kind, fields] = ["", {}]] = Object.entries(JSON.parse(Buffer.from(record).toString()));
      if (typeof fields === "object" && fields !== null) records.push({ kind, fields: { ...fields } });
    },
  });
  return { flows, records };
}

/** The records of blocks of packets. */
export function recordsOf(blocks: readonly Packets[], limits: Partial<FlowLimits> = {}): ReadRecord[] {
  const { flows, records } = collectRecords(limits);
  const decoder = openDecoder();
  for (const block of blocks) flows.push(block, decoder.decode(block));
  flows.end();
  return records;
}

/** The records of a capture file. */
export async function recordsOfFile(path: string): Promise<ReadRecord[]> {
  const { flows, records } = collectRecords();
  const decoder = openDecoder();
  for await (const block of readCapture(createReadStream(path)).packets)
    flows.push(block, decoder.decode(block));
  flows.end();
  return records;
}
