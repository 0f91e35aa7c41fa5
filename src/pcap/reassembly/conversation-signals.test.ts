import { describe, expect, test } from "vitest";
import { conversationOf, exchanged, linesOf, marksOf } from "../testing/reading.ts";
import { bytesOfText, talk } from "../testing/talk.ts";
import { TCP } from "./segment.ts";

/** What TCP itself says in a conversation: its numbers and flags, keep-alives and windows. */

describe("numbers", () => {
  test("wrap between segments and inside one", () => {
    for (const size of [4, 5, 1_000]) {
      const played = talk({ numbers: [2 ** 32 - 9, 2 ** 32 - 1] })
        .open()
        .say(0, "0123456789abcdef", size)
        .say(1, "ok");
      expect(linesOf(conversationOf(played))).toEqual(["> 0123456789abcdef", "< ok"]);
    }
  });

  test("wrap while packets change places", () => {
    const played = exchanged(
      talk({ numbers: [2 ** 32 - 9, 7] })
        .open()
        .say(0, "0123456789abcdef", 4),
      4,
      6,
    );
    expect(linesOf(conversationOf(played))).toEqual(["> 0123456789abcdef"]);
  });

  test("go on behind 4 GB", () => {
    const played = talk().open().say(0, "start");
    for (let step = 1; step <= 9; step++)
      played.raw(0, { position: step * 500_000_000, payload: bytesOfText("x") });
    const last = conversationOf(played).chunks.at(-1);
    expect(last).toMatchObject({ kind: "bytes", position: 4_500_000_000 });
    expect(conversationOf(played).totals[0].missing).toBe(4_500_000_000 - 5 - 8);
  });
});

describe("TCP beside the bytes", () => {
  test("data on a SYN (Fast Open)", () => {
    const played = talk()
      .raw(0, { flags: TCP.syn, position: -1, acknowledgement: 0, payload: bytesOfText("fast") })
      .raw(1, { flags: TCP.syn | TCP.ack, position: -1, acknowledgement: 1_005 })
      .raw(1, { payload: bytesOfText("ok"), acknowledgement: 1_005 });
    expect(linesOf(conversationOf(played))).toEqual(["> fast", "< ok"]);
  });

  test("data on a SYN that the other side did not take is said again", () => {
    const played = talk()
      .raw(0, { flags: TCP.syn, position: -1, acknowledgement: 0, payload: bytesOfText("fast") })
      .raw(1, { flags: TCP.syn | TCP.ack, position: -1 })
      .say(0, "fast")
      .say(1, "ok");
    expect(linesOf(conversationOf(played))).toEqual(["> fast", "< ok"]);
  });

  test("both open at once", () => {
    const played = talk()
      .raw(0, { flags: TCP.syn, position: -1, acknowledgement: 0 })
      .raw(1, { flags: TCP.syn, position: -1, acknowledgement: 0 })
      .raw(0, { flags: TCP.syn | TCP.ack, position: -1 })
      .raw(1, { flags: TCP.syn | TCP.ack, position: -1 })
      .say(1, "b")
      .say(0, "a");
    expect(linesOf(conversationOf(played))).toEqual(["< b", "> a"]);
  });

  test("a reset with words", () => {
    const played = talk()
      .open()
      .say(0, "q")
      .raw(1, { flags: TCP.reset, payload: bytesOfText("no listener") });
    expect(linesOf(conversationOf(played))).toEqual(["> q", "<reset no listener"]);
    expect(conversationOf(played).totals[1].bytes).toBe(0);
  });

  test("half open: nobody answers", () => {
    const played = talk().raw(0, { flags: TCP.syn, position: -1, acknowledgement: 0 });
    expect(conversationOf(played)).toMatchObject({
      chunks: [],
      totals: [{ begins: true, packets: 1 }, { packets: 0 }],
    });
  });

  test("keep-alives of no byte, of the same and of another", () => {
    const played = talk().open().say(0, "hello").say(1, "ok").acknowledge(0);
    played
      .raw(0, { position: 4 })
      .raw(0, { position: 4, payload: bytesOfText("o") })
      .raw(0, { position: 4, payload: bytesOfText("\0") });
    expect(linesOf(conversationOf(played))).toEqual(["> hello", "< ok"]);
    expect(conversationOf(played).counts).toMatchObject({ "keep-alive": 3 });
    expect(conversationOf(played).counts.conflict).toBeUndefined();
  });

  test("another last byte that was not acknowledged is no keep-alive", () => {
    const played = talk()
      .open()
      .say(0, "hello")
      .raw(0, { position: 4, payload: bytesOfText("0") });
    expect(conversationOf(played).counts).toMatchObject({ conflict: 1, retransmission: 1 });
  });

  test("a window of zero, its probe and its opening", () => {
    const played = talk().open().say(0, "ab").raw(1, { window: 0 }).say(0, "c").raw(1, { window: 0 });
    played.raw(1, { window: 500 }).raw(0, { position: 2, payload: bytesOfText("cd") });
    expect(linesOf(conversationOf(played))).toEqual(["> abcd"]);
    expect(marksOf(played).slice(2)).toEqual([
      "zero-window 0",
      "window-probe 2",
      "window-open 0",
      "retransmission 2",
    ]);
  });
});
