import type { Chunk, Conversation, SideTotals } from "../reassembly/conversation.ts";
import type { Side } from "../reassembly/segment.ts";

const TOTALS: SideTotals = {
  ...{ packets: 0, bytes: 0, missing: 0, repeated: 0 },
  ...{ begins: true, ends: true },
};

/** A conversation of TCP whose parts are as given, without the frames that they came in: parts may share memory, so it can be very long. */
export function madeConversation(said: readonly (readonly [Side, string | Uint8Array])[]): Conversation {
  const positions: [number, number] = [0, 0];
  const chunks = said.map(([side, text], packet): Chunk => {
    const bytes = typeof text === "string" ? Buffer.from(text, "latin1") : text;
    const position = positions[side];
    positions[side] += bytes.length;
    return { kind: "bytes", side, position, bytes, conflicts: [], micros: packet, nanos: 0, packet };
  });
  return {
    endpoints: [
      { address: "10.0.0.1", port: 40_000 },
      { address: "10.0.0.2", port: 80 },
    ],
    policy: "first",
    ...{ chunks, marks: [], counts: {} },
    totals: [TOTALS, TOTALS],
  };
}
