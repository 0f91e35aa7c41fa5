import { describe, expect, test } from "vitest";
import { conversationOf, exchanged, linesOf, marksOf } from "../testing/reading.ts";
import { bytesOfText, talk } from "../testing/talk.ts";
import { TCP } from "./segment.ts";

describe("a conversation", () => {
  test("is what both sides said, in order", () => {
    const played = talk().open().say(0, "GET").say(1, "one ").say(1, "two").say(0, "BYE").close();
    const conversation = conversationOf(played);
    expect(linesOf(conversation)).toEqual(["> GET", "< one two", "> BYE"]);
    expect(conversation.endpoints).toEqual([
      { address: "10.0.0.1", port: 40_000 },
      { address: "10.0.0.2", port: 80 },
    ]);
    expect(conversation.chunks[0]).toMatchObject({ position: 0, packet: 3, micros: 1_700_000_000_003_000 });
    expect(conversation.totals[1]).toEqual({
      packets: 4,
      bytes: 7,
      missing: 0,
      repeated: 0,
      begins: true,
      ends: true,
    });
    expect(marksOf(played)).toEqual(["syn -1", "syn -1", "fin 6", "fin 7"]);
  });

  test("counts all that a side said, also what the other answers in the middle of", () => {
    const played = talk().open().say(0, "one two");
    // The server has taken four bytes when it answers.
    played.raw(1, { acknowledgement: 1_001 + 4, payload: bytesOfText("yes") });
    const { chunks, totals } = conversationOf(played);
    expect(chunks).toHaveLength(3);
    expect(totals.map(({ bytes }) => bytes)).toEqual([7, 3]);
  });

  test("is the same over IPv6", () => {
    const played = talk({ hosts: ["2001:db8::1", "2001:db8::2"] })
      .open()
      .say(0, "ping")
      .say(1, "pong");
    expect(linesOf(conversationOf(played))).toEqual(["> ping", "< pong"]);
  });

  test("knows the client by its SYN, whichever port it has", () => {
    expect(
      linesOf(
        conversationOf(
          talk({ ports: [80, 40_000] })
            .open()
            .say(0, "a")
            .say(1, "b"),
        ),
      ),
    ).toEqual(["> a", "< b"]);
  });

  test("knows the client by its port where no SYN was captured", () => {
    expect(
      linesOf(
        conversationOf(
          talk({ ports: [443, 50_000] })
            .say(0, "a")
            .say(1, "b"),
        ),
      ),
    ).toEqual(["< a", "> b"]);
  });
});

describe("what came twice", () => {
  test("is said once", () => {
    const played = talk()
      .open()
      .say(0, "hello")
      .raw(0, { position: 0, payload: bytesOfText("hello") });
    expect(linesOf(conversationOf(played))).toEqual(["> hello"]);
    expect(marksOf(played).at(-1)).toBe("retransmission 0");
    expect(conversationOf(played).totals[0].repeated).toBe(5);
  });

  test("is said once when it was cut differently and the other side has spoken meanwhile", () => {
    const played = talk()
      .open()
      .say(0, "hello", 2)
      .say(1, "yes")
      .raw(0, { position: 1, payload: bytesOfText("ello") });
    expect(linesOf(conversationOf(played))).toEqual(["> hello", "< yes"]);
  });

  test.each([
    ["first", "> hello", "earlier"],
    ["last", "> heLLo", "later"],
  ] as const)("and differs: %s", (policy, line, winner) => {
    const played = talk()
      .open()
      .say(0, "hello")
      .raw(0, { position: 0, payload: bytesOfText("heLLo") });
    const conversation = conversationOf(played, policy);
    expect(linesOf(conversation)).toEqual([line]);
    const told = conversation.chunks.flatMap((chunk) => (chunk.kind === "bytes" ? chunk.conflicts : []));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ position: 2, winner, because: policy });
    expect([told[0]?.kept, told[0]?.other].map((bytes) => Buffer.from(bytes!).toString()).sort()).toEqual([
      "LL",
      "ll",
    ]);
    expect(conversation.counts.conflict).toBe(1);
  });

  // Behind a hole at 0 lie "abcd" at 2, then copies over it: earlier, at the same place but longer, around it, inside.
  test.each([
    ["first", "1Xabcd3Z"],
    ["last", "1XYYYd3Z"],
    ["bsd", "1XXXcd3Z"],
    ["linux", "1XXXcd3Z"],
    ["windows", "1Xabcd3Z"],
  ] as const)("out of order, by the rules of %s", (policy, expected) => {
    const played = talk()
      .open()
      .raw(0, { position: 2, payload: bytesOfText("abcd") })
      .raw(0, { position: 1, payload: bytesOfText("XXX") })
      .raw(0, { position: 2, payload: bytesOfText("YYY") })
      .raw(0, { position: 6, payload: bytesOfText("3Z") })
      .raw(0, { position: 0, payload: bytesOfText("1") });
    expect(linesOf(conversationOf(played, policy))).toEqual([`> ${expected}`]);
  });

  test.each(["bsd", "linux", "windows"] as const)(
    "stays as the receiver had it, whatever %s would do with what waits",
    (policy) => {
      const played = talk()
        .open()
        .say(0, "_a")
        .raw(0, { position: 0, payload: bytesOfText("ZZXX") });
      expect(linesOf(conversationOf(played, policy))).toEqual(["> _aXX"]);
      expect(conversationOf(played, policy).chunks[0]).toMatchObject({ conflicts: [{ because: "settled" }] });
    },
  );
});

test.each([
  ["linux", "1longer"],
  ["bsd", "1abcger"],
  ["windows", "1abcger"],
] as const)("a longer copy at the same place, by the rules of %s", (policy, expected) => {
  const played = talk()
    .open()
    .raw(0, { position: 1, payload: bytesOfText("abc") })
    .raw(0, { position: 1, payload: bytesOfText("longer") })
    .raw(0, { position: 0, payload: bytesOfText("1") });
  expect(linesOf(conversationOf(played, policy))).toEqual([`> ${expected}`]);
});

describe("order", () => {
  test("is mended", () => {
    const played = exchanged(talk().open().say(0, "abcdef", 2), 3, 5);
    expect(linesOf(conversationOf(played))).toEqual(["> abcdef"]);
    expect(marksOf(played).slice(2)).toEqual(["out-of-order 2", "out-of-order 0"]);
  });

  test("between the sides follows acknowledgements, not the capture", () => {
    const played = talk().open().say(0, "q1").say(1, "a1").say(0, "q2").say(1, "a2");
    const mixed = { ...played, frames: [...played.frames].reverse() };
    expect(linesOf(conversationOf(mixed))).toEqual(["> q1", "< a1", "> q2", "< a2"]);
  });

  test("puts a retransmission where its bytes were said, not where it came", () => {
    const played = talk().open().say(0, "q1").lose().say(1, "a1").say(0, "q2").say(1, "a2");
    played.raw(0, { position: 0, payload: bytesOfText("q1") });
    expect(linesOf(conversationOf(played))).toEqual(["> q1", "< a1", "> q2", "< a2"]);
  });
});

describe("acknowledgements that came late", () => {
  test("do not count where the first copy had a lesser one", () => {
    const played = talk()
      .open()
      .say(0, "q1")
      .say(1, "a1")
      .raw(0, { position: 0, payload: bytesOfText("q1") });
    const again = played.frames.pop()!;
    played.frames.splice(3, 0, again);
    expect(linesOf(conversationOf(played))).toEqual(["> q1", "< a1"]);
  });

  test("do not count where what was said behind had a lesser one", () => {
    const played = talk().open().say(0, "q1").lose().say(0, "q2");
    played.raw(1, { payload: bytesOfText("b1"), acknowledgement: 1_001 });
    played.raw(0, { position: 0, payload: bytesOfText("q1"), acknowledgement: 5_003 });
    expect(linesOf(conversationOf(played))).toEqual(["> q1q2", "< b1"]);
  });

  test("nor their times, where both sides said it again", () => {
    const played = talk().open().say(0, "q1").lose().say(1, "a1").lose().say(0, "q2").say(1, "a2");
    played
      .raw(1, { position: 0, payload: bytesOfText("a1") })
      .raw(0, { position: 0, payload: bytesOfText("q1") });
    expect(linesOf(conversationOf(played))).toEqual(["> q1", "< a1", "> q2", "< a2"]);
  });

  test("nor one that is absurd", () => {
    const played = talk()
      .say(0, "abc")
      .raw(1, { acknowledgement: 1_001 + 2 ** 32 - 1_500_000_000 });
    expect(linesOf(conversationOf(played))).toEqual(["> abc"]);
  });
});

describe("what is missing", () => {
  test("is a gap in its place", () => {
    expect(linesOf(conversationOf(talk().open().say(0, "ab").say(0, "cde").lose().say(0, "f")))).toEqual([
      "> ab",
      "> [3 lost]",
      "> f",
    ]);
  });

  test("is a gap also right after the other side spoke", () => {
    const played = talk().open().say(0, "q").say(1, "abc").lose().say(1, "de");
    expect(linesOf(conversationOf(played))).toEqual(["> q", "< [3 lost]", "< de"]);
  });

  test("at the end is told by acknowledgements and by FIN", () => {
    expect(linesOf(conversationOf(talk().open().say(0, "ab").say(0, "cde").lose().acknowledge(1)))).toEqual([
      "> ab",
      "> [3 lost]",
    ]);
    expect(linesOf(conversationOf(talk().open().say(0, "ab").say(0, "cde").lose().close()))).toEqual([
      "> ab",
      "> [3 lost]",
    ]);
  });

  test("on one side lies between what the other said", () => {
    const played = talk().open().say(0, "q1").say(1, "12345").say(0, "q2").say(1, "123").say(0, "q3").close();
    const oneSide = played.frames.filter(({ bytes }) => bytes[29] === 1);
    expect(linesOf(conversationOf({ ...played, frames: oneSide }))).toEqual([
      "> q1",
      "< [5 lost]",
      "> q2",
      "< [3 lost]",
      "> q3",
    ]);
  });

  test("was cut off by the capture", () => {
    const played = talk().open().say(0, "abcdefgh").say(1, "yes");
    const { bytes, micros } = played.frames[3]!;
    played.frames[3] = { bytes: bytes.subarray(0, bytes.length - 3), micros, original: bytes.length };
    expect(linesOf(conversationOf(played))).toEqual(["> abcde", "> [3 cut]", "< yes"]);
  });

  test("was before the capture", () => {
    const played = talk().open().say(0, "early").say(1, "ok").say(0, "late");
    expect(linesOf(conversationOf({ ...played, frames: played.frames.slice(5) }))).toEqual(["> late"]);
    expect(linesOf(conversationOf({ ...played, frames: played.frames.slice(4) }))).toEqual([
      "< ok",
      "> late",
    ]);
    expect(conversationOf({ ...played, frames: played.frames.slice(5) }).totals[0].begins).toBe(false);
  });
});

test("a stray acknowledgement or reset in front hides nothing", () => {
  for (const number of [1_001 + 1_800_000_000, 1_001 - 1_800_000_000 + 2 ** 32]) {
    const played = talk()
      .raw(1, { acknowledgement: number, position: 0 })
      .raw(0, { flags: TCP.reset, sequence: number })
      .say(0, "hello")
      .say(1, "ok");
    expect(linesOf(conversationOf(played))).toEqual(["> hello", "< ok"]);
  }
});

test("bytes far from all others are left out and told", () => {
  const played = talk()
    .open()
    .say(0, "abc")
    .raw(0, { position: 1_500_000_000, payload: bytesOfText("forged") });
  expect(linesOf(conversationOf(played))).toEqual(["> abc"]);
  expect(conversationOf(played).counts.outside).toBe(1);
});
