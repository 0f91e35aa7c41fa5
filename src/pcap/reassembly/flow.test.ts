import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { chance } from "../testing/chance.ts";
import { blockOf, type Frame } from "../testing/frames.ts";
import { layersOf } from "../testing/layers-of.ts";
import { randomTalk } from "../testing/random-talk.ts";
import { bytesOfText, talk } from "../testing/talk.ts";
import { Flow, type FlowMemory, flowMemory } from "./flow.ts";
import { type Side, segmentAt, TCP } from "./segment.ts";

/** What a reader is told of each side: bytes as text, gaps as `[length reason]`, the end as `.fin`. */
function follow(frames: readonly Frame[], memory: FlowMemory = flowMemory(), client = "10.0.0.1") {
  const told: [string, string] = ["", ""];
  const missing: [number, number] = [0, 0];
  const flow = new Flow(
    {
      data: (side, bytes, start, end) => {
        told[side] += Buffer.from(bytes.subarray(start, end)).toString("latin1");
      },
      gap: (side, length, reason) => {
        told[side] += `[${length} ${reason}]`;
        missing[side] += length;
      },
      end: (side, how) => {
        told[side] += `.${how}`;
      },
    },
    memory,
  );
  const packets = blockOf(frames);
  const layers = layersOf(packets);
  for (let row = 0; row < layers.count; row++) {
    const side: Side = layers.source[row * 4 + 3] === Number(`0x0a00000${client.at(-1)}`) ? 0 : 1;
    const { sequence, acknowledgement, flags, payload, wire } = segmentAt(packets, layers, row, side, row);
    flow.push(side, sequence, acknowledgement, flags, payload, 0, payload.length, wire);
  }
  return { told, missing, flow, memory };
}

test("streams come in order, and end", () => {
  const { told } = follow(talk().open().say(0, "hello", 2).say(1, "world").close().frames);
  expect(told).toEqual(["hello.fin", "world.fin"]);
});

test("segments change places, come twice, and overlap", () => {
  const played = talk().open().say(0, "abcdefgh", 2);
  const { frames } = played;
  [frames[3], frames[5]] = [frames[5]!, frames[3]!];
  played.raw(0, { position: 4, payload: bytesOfText("efgh") }).close();
  expect(follow(frames).told[0]).toBe("abcdefgh.fin");
});

test("a stray acknowledgement in front hides nothing", () => {
  for (const number of [1_001 + 1_800_000_000, 1_001 - 1_800_000_000 + 2 ** 32]) {
    const stray = talk().raw(1, { acknowledgement: number, position: 0 });
    expect(follow([...stray.frames, ...talk().say(0, "hello").frames]).told[0]).toBe("hello");
    expect(follow([...stray.frames, ...talk().open().say(0, "hello").frames]).told[0]).toBe("hello");
  }
});

test("bytes that come again are counted", () => {
  const played = talk()
    .open()
    .say(0, "hello")
    .raw(0, { position: 2, payload: bytesOfText("llo you") });
  const { told, flow } = follow(played.frames);
  expect([told[0], flow.late(0)]).toEqual(["hello you", 3]);
});

test("what waits and came twice with other bytes is counted; the first copy counts", () => {
  const played = talk()
    .open()
    .raw(0, { position: 1, payload: bytesOfText("bcd") })
    .raw(0, { position: 1, payload: bytesOfText("bXd") })
    .raw(0, { position: 0, payload: bytesOfText("a") });
  const { told, flow, memory } = follow(played.frames);
  expect(told[0]).toBe("abcd");
  expect(flow.conflicts(0)).toBe(1);
  expect(memory.used).toBe(0);
});

test("what is lost is a gap when the flow ends, at the latest", () => {
  const played = talk().open().say(0, "ab").say(0, "cde").lose().say(0, "f");
  const { told, flow } = follow(played.frames);
  expect(told[0]).toBe("ab");
  flow.close();
  expect(told).toEqual(["ab[3 lost]f.closed", ".closed"]);
  const closing = follow(talk().open().say(0, "ab").say(0, "cde").lose().close().frames);
  closing.flow.close();
  expect(closing.told[0]).toBe("ab[3 lost].fin");
});

test("what was acknowledged and is not there is a gap soon", () => {
  const played = talk()
    .open()
    .say(0, "ab")
    .say(0, "cde")
    .lose()
    .say(0, new Uint8Array(100_000).fill(120))
    .acknowledge(1);
  expect(follow(played.frames).told[0]).toBe(`ab[3 lost]${"x".repeat(100_000)}`);
});

test("what was acknowledged before others waited for it is a gap as soon", () => {
  const played = talk().open().say(0, "ab").say(0, "cde").lose().acknowledge(1);
  played.say(0, new Uint8Array(100_000).fill(120));
  expect(follow(played.frames).told[0]).toBe(`ab[3 lost]${"x".repeat(100_000)}`);
});

test("what waits is bounded per side and in all", () => {
  const late = (length: number) => {
    const played = talk().open();
    for (let at = 0; at < length; at += 1_000)
      played.raw(0, { position: 10 + at, payload: new Uint8Array(1_000).fill(120) });
    return played.frames;
  };
  expect(follow(late(9_000), flowMemory(2 ** 20, 10_000)).told[0]).toMatch(/^\[10 limit\]x{9000}$/);
  const { told, memory } = follow(late(9_000), flowMemory(5_000, 2 ** 20));
  expect(told[0]).toMatch(/^\[10 limit\]x{9000}$/);
  expect(memory.used).toBe(0);
});

test("a capture that cut packets leaves gaps", () => {
  const played = talk().open().say(0, "abcdefgh").say(0, "next");
  const { bytes, micros } = played.frames[3]!;
  played.frames[3] = { bytes: bytes.subarray(0, bytes.length - 3), micros, original: bytes.length };
  expect(follow(played.frames).told[0]).toBe("abcde[3 cut]next");
});

test("a SYN with another number is of another connection", () => {
  const { flow } = follow(talk({ numbers: [1_000, 5_000] }).open().frames);
  expect([flow.isOther(0, 1_000), flow.isOther(0, 1_001)]).toEqual([false, true]);
});

test("a reset ends its side with what waits", () => {
  const played = talk()
    .open()
    .raw(0, { position: 2, payload: bytesOfText("cd") })
    .raw(0, { flags: TCP.reset });
  expect(follow(played.frames).told[0]).toBe("[2 lost]cd.reset");
});

test("random conversations come as they were, missing what was lost", () => {
  for (let seed = 1; seed <= runs(100); seed++) {
    const truth = randomTalk(chance(seed), { lost: 10, repeated: 20, cutAgain: 40 });
    const { told, flow, memory } = follow(truth.frames);
    flow.close();
    for (const side of [0, 1] as const) {
      let expected = "";
      const { said, captured } = truth;
      for (let at = 0; at < said[side].length; ) {
        const start = at;
        while (at < said[side].length && captured[side][at] === captured[side][start]) at++;
        expected += captured[side][start]
          ? Buffer.from(said[side].subarray(start, at)).toString("latin1")
          : `[${at - start} lost]`;
      }
      expect(told[side], `seed ${seed}`).toBe(`${expected}.fin`);
    }
    expect(memory.used).toBe(0);
  }
});
