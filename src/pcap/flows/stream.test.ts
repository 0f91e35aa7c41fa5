import { expect, test } from "vitest";
import type { StreamProtocol } from "../protocols/protocol.ts";
import { flowMemory } from "../reassembly/flow.ts";
import { type Side, TCP } from "../reassembly/segment.ts";
import { openStream } from "./stream.ts";

/** A protocol that is known by the first byte, and notes what it is told to be missing. */
function listening() {
  const gaps: [Side, number][] = [];
  const protocol: StreamProtocol = {
    tells: ({ heads }) => (heads[0].length > 0 ? true : undefined),
    open: () => ({
      data() {},
      gap: (side, length) => void gaps.push([side, length]),
      end() {},
      held: () => 0,
    }),
  };
  const stream = openStream({
    memory: flowMemory(),
    protocols: [protocol],
    ports: [40_000, 80],
    syns: [0, 0],
    context: () => ({}) as never,
    missed() {},
    dropped() {},
  });
  const NOTHING = new Uint8Array(0);
  return {
    gaps,
    /** A segment of which no payload was captured, and that the other side has it. */
    cut(side: Side, position: number, length: number) {
      stream.flow.push(side, position, 0, TCP.ack, NOTHING, 0, 0, length);
      stream.flow.push(side === 0 ? 1 : 0, 1, position + length, TCP.ack, NOTHING, 0, 0, 0);
    },
    say: (position: number, bytes: Uint8Array) =>
      stream.flow.push(0, position, 0, TCP.ack, bytes, 0, bytes.length, bytes.length),
  };
}

test("bytes that follow one another and are missing are one gap", () => {
  const { gaps, cut, say } = listening();
  for (let count = 0; count < 1_000; count++) cut(0, 1 + count * 100, 100);
  say(100_001, new Uint8Array([1]));
  expect(gaps).toEqual([[0, 100_000]]);
});
