import { expect, test } from "vitest";
import type { StreamProtocol } from "../protocols/protocol.ts";
import { flowMemory } from "../reassembly/flow.ts";
import { type Side, TCP } from "../reassembly/segment.ts";
import { Stream } from "./stream.ts";

/** A protocol that is known by the first byte, and notes what it is told to be missing, and that it is to end. */
function listening() {
  const gaps: [Side, number][] = [];
  let ends = 0;
  const protocol: StreamProtocol = {
    tells: ({ heads }) => (heads[0].length > 0 ? true : undefined),
    open: () => ({
      data() {},
      gap: (side, length) => void gaps.push([side, length]),
      end: () => void ends++,
      held: () => 0,
    }),
  };
  const host = {
    ...{ memory: flowMemory(), protocols: () => [protocol] },
    ...{ context: () => ({}) as never, missed() {}, dropped() {} },
  };
  const stream = new Stream(host, undefined, [40_000, 80], [0, 0]);
  const NOTHING = new Uint8Array(0);
  return {
    gaps,
    ends: () => ends,
    finish: (side: Side, position: number) => stream.flow.push(side, position, 0, TCP.fin, NOTHING, 0, 0, 0),
    close: () => stream.close(),
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

test("when both sides have ended, the reader is told once, and is not kept until the connection is closed", () => {
  const played = listening();
  played.say(1, new Uint8Array([1]));
  played.finish(0, 2);
  expect(played.ends()).toBe(0);
  played.finish(1, 1);
  expect(played.ends()).toBe(1);
  played.close();
  expect(played.ends()).toBe(1);
});
