import { expect, test } from "vitest";
import { blockOf, ethernet, type Frame, ip, udp } from "../testing/frames.ts";
import { layersOf } from "../testing/layers-of.ts";
import { bytesOfText } from "../testing/talk.ts";
import { openCollector } from "./collect.ts";

const datagram = (from: string, to: string, text: string, micros: number): Frame => {
  const [source, target] = from === "10.0.0.1" ? ([53_000, 53] as const) : ([53, 53_000] as const);
  return {
    bytes: ethernet(ip({ from, to, protocol: 17, payload: udp(source, target, bytesOfText(text)) })),
    micros,
  };
};

function collect(frames: readonly Frame[], limits?: { bytes?: number; packets?: number }) {
  const collector = openCollector(limits);
  const packets = blockOf(frames);
  collector.add(packets, layersOf(packets));
  return collector;
}

test("datagrams of two ends are one conversation in the order of time", () => {
  const { udp: found } = collect([
    datagram("10.0.0.2", "10.0.0.1", "late", 3),
    datagram("10.0.0.1", "10.0.0.2", "question", 1),
    datagram("10.0.0.2", "10.0.0.1", "answer", 2),
  ]).conversations();
  expect(found).toHaveLength(1);
  expect(
    found[0]?.datagrams.map(({ side, bytes, packet }) => `${side} ${Buffer.from(bytes)} ${packet}`),
  ).toEqual(["0 question 1", "1 answer 2", "1 late 0"]);
  expect(found[0]?.endpoints[0]).toEqual({ address: "10.0.0.1", port: 53_000 });
});

test("what is more than the limits is counted, and told in its place", () => {
  const frames = [1, 2, 3].map((micros) => datagram("10.0.0.1", "10.0.0.2", "12345678", micros));
  const short = collect(frames, { bytes: 16 }).conversations().udp[0]?.datagrams;
  expect(short?.map(({ bytes, wire, short }) => [bytes.length, wire, short])).toEqual([
    [8, 8, undefined],
    [8, 8, undefined],
    [0, 8, "limit"],
  ]);
  const few = collect(frames, { packets: 2 });
  expect(few.conversations().udp[0]?.datagrams).toHaveLength(2);
  expect(few.dropped).toEqual({ limit: 1, fragments: 0, headless: 0 });
});

test("frames whose transport header was cut off are counted", () => {
  const { bytes, micros } = datagram("10.0.0.1", "10.0.0.2", "12345678", 1);
  const cut = collect([{ bytes: bytes.subarray(0, 38), micros, original: bytes.length }]);
  expect(cut.dropped.headless).toBe(1);
});
