import type { BlockBuilder } from "../block-builder.ts";
import { HEAD_BYTES, type SourceContext } from "../source.ts";

/** What all peers of a listener share: one builder, and what is counted. */
export type Listener = {
  readonly builder: BlockBuilder;
  readonly maxRecordBytes: number;
  readonly refuse: (peer: string, reason: string, length: number, head: Uint8Array) => void;
  /** Counts, which the source reports. */
  readonly counts: { refused: number; dropped: number; peers: number };
};

/** Makes what the peers of a listener share. */
export function makeListener(
  builder: BlockBuilder,
  maxRecordBytes: number,
  context: SourceContext,
): Listener {
  const counts = { refused: 0, dropped: 0, peers: 0 };
  return {
    builder,
    maxRecordBytes,
    counts,
    refuse: (peer, reason, length, head) => {
      counts.refused++;
      const kept = Buffer.from(head.subarray(0, HEAD_BYTES));
      context.refuse({ sensor: context.sensor, reason: `${peer}: ${reason}`, length, head: kept });
    },
  };
}
