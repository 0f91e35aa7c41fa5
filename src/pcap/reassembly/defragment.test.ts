import { describe, expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { FLAG } from "../layers.ts";
import { chance } from "../testing/chance.ts";
import { blockOf, ethernet, type Frame, ip, tcp } from "../testing/frames.ts";
import { layersOf } from "../testing/layers-of.ts";
import { bytesOfText } from "../testing/talk.ts";
import { type DefragmentOptions, datagramBlock, openDefragmenter, type WholeDatagram } from "./defragment.ts";
import type { OverlapPolicy } from "./overlap.ts";

type Piece = { offset: number; payload: Uint8Array | string; more?: boolean; id?: number; micros?: number };

const HOSTS = { 4: ["10.0.0.1", "10.0.0.2"], 6: ["2001:db8::1", "2001:db8::2"] } as const;

function frame(version: 4 | 6, { offset, payload, more = false, id = 7, micros = 1 }: Piece): Frame {
  const [from, to] = HOSTS[version];
  const bytes = typeof payload === "string" ? bytesOfText(payload) : payload;
  // 253 is for experiments (RFC 3692): nothing is read of it.
  return { bytes: ethernet(ip({ from, to, protocol: 253, payload: bytes, id, offset, more })), micros };
}

function defragment(frames: readonly Frame[], options?: Partial<DefragmentOptions>) {
  const defragmenter = openDefragmenter(options);
  const packets = blockOf(frames);
  const layers = layersOf(packets);
  const whole: WholeDatagram[] = [];
  for (let row = 0; row < layers.count; row++) {
    if (!(layers.flags[row]! & FLAG.fragment)) continue;
    const datagram = defragmenter.add(packets, layers, row, layers.packet[row]!);
    if (datagram !== undefined) whole.push(datagram);
  }
  defragmenter.end();
  const told = Object.entries(defragmenter.dropped).filter(([, count]) => count > 0);
  return { whole, dropped: Object.fromEntries(told) };
}

const payloadOf = (datagram: WholeDatagram | undefined, version: 4 | 6 = 4) =>
  Buffer.from(datagram?.bytes.subarray(version === 4 ? 20 : 40) ?? []).toString();

describe.each([4, 6] as const)("fragments of IPv%i", (version) => {
  const pieces: Piece[] = [
    { offset: 0, payload: "01234567", more: true },
    { offset: 8, payload: "89abcdef", more: true },
    { offset: 16, payload: "the end" },
  ];

  test.each([[[0, 1, 2]], [[2, 1, 0]], [[1, 2, 0]], [[2, 0, 0, 1]]])("come in any order: %j", (order) => {
    const { whole, dropped } = defragment(order.map((at) => frame(version, pieces[at]!)));
    expect(whole).toHaveLength(1);
    expect(payloadOf(whole[0], version)).toBe("0123456789abcdefthe end");
    expect(whole[0]).toMatchObject({ conflicts: 0, packet: order.length - 1, isTiny: true });
    expect(dropped).toEqual({});
  });

  test("make the packet that was never in fragments", () => {
    const [from, to] = HOSTS[version];
    const text = bytesOfText("a segment in fragments, sent by a path that is narrow");
    const payload = tcp({
      fromPort: 1,
      toPort: 2,
      sequence: 3,
      acknowledgement: 4,
      flags: 16,
      payload: text,
    });
    const sent = [
      { offset: 0, payload: payload.subarray(0, 24), more: true },
      { offset: 24, payload: payload.subarray(24) },
    ].map((piece) => ({ bytes: ethernet(ip({ from, to, protocol: 6, id: 0, ...piece })), micros: 5 }));
    const { whole } = defragment(sent);
    expect(Buffer.from(whole[0]!.bytes)).toEqual(Buffer.from(ip({ from, to, protocol: 6, payload })));
    const layers = layersOf(datagramBlock(whole));
    expect([layers.sourcePort[0], layers.destinationPort[0], layers.payloadLength[0]]).toEqual([
      1,
      2,
      text.length,
    ]);
  });

  test("of different datagrams are kept apart", () => {
    const { whole } = defragment([
      frame(version, { offset: 0, payload: "one one ", more: true, id: 1 }),
      frame(version, { offset: 0, payload: "two two ", more: true, id: 2 }),
      frame(version, { offset: 8, payload: "one", id: 1 }),
      frame(version, { offset: 8, payload: "two", id: 2 }),
    ]);
    expect(whole.map((datagram) => payloadOf(datagram, version))).toEqual(["one one one", "two two two"]);
  });

  test("that are random come out as they were", () => {
    for (let seed = 1; seed <= runs(200); seed++) {
      const random = chance(seed);
      const truth = random.bytes(1 + random.below(3_000));
      const cuts: Piece[] = [];
      for (let offset = 0; offset < truth.length; ) {
        const end = Math.min(truth.length, offset + 8 * (1 + random.below(20)));
        cuts.push({ offset, payload: truth.subarray(offset, end), more: end < truth.length });
        offset = end;
      }
      const frames = random.shuffled(cuts.map((piece) => frame(version, piece)));
      const { whole } = defragment(cuts.length === 1 ? [] : frames);
      if (cuts.length > 1)
        expect(whole[0]?.bytes.subarray(version === 4 ? 20 : 40), `seed ${seed}`).toEqual(truth);
    }
  });
});

describe("fragments that lie over each other", () => {
  // In the middle lie 16 bytes of "b"; the others begin before them, at the same place and longer, and around all.
  const middle: Piece = { offset: 8, payload: "b".repeat(16), more: true };
  const cases: readonly (readonly [OverlapPolicy, Piece, string])[] = [
    ["first", { offset: 0, payload: "x".repeat(16), more: true }, "x8 b16"],
    ["last", { offset: 0, payload: "x".repeat(16), more: true }, "x8 b8"],
    ["bsd", { offset: 0, payload: "x".repeat(16), more: true }, "x16 b8"],
    ["linux", { offset: 0, payload: "x".repeat(16), more: true }, "x16 b8"],
    ["windows", { offset: 0, payload: "x".repeat(16), more: true }, "x8 b16"],
    ["windows", { offset: 0, payload: "x".repeat(32), more: true }, "x32"],
    ["bsd", { offset: 8, payload: "x".repeat(24), more: true }, "0 b16 x8"],
    ["linux", { offset: 8, payload: "x".repeat(24), more: true }, "0 x24"],
  ];

  test.each(cases)("by the rules of %s: %j", (policy, piece, expected) => {
    const { whole } = defragment(
      [
        middle,
        piece,
        { offset: 32, payload: "end" },
        { offset: 0, payload: "00000000", more: true },
        { offset: 24, payload: "11111111", more: true },
      ].map((each) => frame(4, each)),
      { policy },
    );
    const text = payloadOf(whole[0]);
    const runsOf = [...text.replace("end", "").matchAll(/([bx])\1*/g)].map(
      ([run]) => `${run[0]}${run.length}`,
    );
    expect((expected.startsWith("0") ? "0 " : "") + runsOf.join(" ")).toBe(expected);
    expect(whole[0]?.conflicts).toBeGreaterThan(0);
  });

  test("are dropped in IPv6, but not when they are the same", () => {
    const first: Piece = { offset: 0, payload: "0123456789abcdef", more: true };
    const over: Piece = { offset: 8, payload: "overover", more: true };
    const last: Piece = { offset: 16, payload: "end" };
    expect(defragment([first, over, last].map((piece) => frame(6, piece)))).toMatchObject({
      whole: [],
      dropped: { overlapping: 1 },
    });
    expect(defragment([first, first, last].map((piece) => frame(6, piece))).whole).toHaveLength(1);
  });
});

describe("lies", () => {
  test.each<readonly [string, readonly Piece[], Record<string, number>]>([
    [
      "an end inside what came before (teardrop)",
      [
        { offset: 0, payload: "0123456789abcdef", more: true },
        { offset: 8, payload: "x" },
      ],
      { behindEnd: 1, unfinished: 1 },
    ],
    [
      "two ends",
      [
        { offset: 8, payload: "end" },
        { offset: 16, payload: "another" },
      ],
      { behindEnd: 1, unfinished: 1 },
    ],
    ["a length that is no multiple of 8", [{ offset: 0, payload: "12345", more: true }], { broken: 1 }],
    ["more than a datagram can have", [{ offset: 65_528, payload: "1234567890" }], { overlong: 1 }],
    ["no payload", [{ offset: 8, payload: "" }], { broken: 1 }],
  ])("%s", (_, pieces, dropped) => {
    expect(defragment(pieces.map((piece) => frame(4, piece)))).toEqual({ whole: [], dropped });
  });

  test("what the capture cut is counted", () => {
    const { bytes, micros } = frame(4, { offset: 0, payload: "x".repeat(64), more: true });
    expect(defragment([{ bytes: bytes.subarray(0, 60), micros }]).dropped).toEqual({ cut: 1 });
  });
});

describe("memory", () => {
  test("what waits too long is dropped", () => {
    const pieces: Piece[] = [
      { offset: 0, payload: "01234567", more: true, micros: 0 },
      { offset: 8, payload: "end", micros: 61e6 },
    ];
    expect(defragment(pieces.map((piece) => frame(4, piece))).dropped).toEqual({ expired: 1, unfinished: 1 });
  });

  test("the oldest is dropped for a newer one", () => {
    const frames = Array.from({ length: 100 }, (_, id) =>
      frame(4, { offset: 0, payload: "01234567", more: true, id }),
    );
    const { dropped } = defragment(frames, { bytes: 10_000 });
    expect(dropped.limit).toBeGreaterThan(50);
    expect((dropped.limit ?? 0) + (dropped.unfinished ?? 0)).toBe(100);
  });
});
