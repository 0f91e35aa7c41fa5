import { expect, test } from "vitest";
import { findIn, patternOf } from "./find.ts";
import { bytesThere, haystacksOf, messagesOf } from "./messages.ts";
import type { Turn } from "./rows.ts";

const turn = (side: Turn["side"], position: number, text: string, isReset = false): Turn => ({
  ...{ side, position, isReset, time: 0, packet: 1 },
  bytes: new TextEncoder().encode(text),
});

/** A request whose end, and a reply whose beginning, came with the second page. */
const TURNS = [
  turn("client", 0, "POST /in HTT"),
  turn("client", 12, "P/1.1"),
  turn("server", 0, "HTTP/1.1 201"),
];

test("a message that comes with two pages is one, and datagrams are one each", () => {
  expect(messagesOf(TURNS, "tcp").map((message) => message.length)).toEqual([2, 1]);
  expect(messagesOf(TURNS, "udp")).toHaveLength(3);
});

test.each([
  ["missing bytes", turn("client", 20, "later")],
  ["bytes of a reset", turn("client", 12, "reset", true)],
  ["the other side", turn("server", 12, "other")],
])("%s begin another message", (_, next) => {
  expect(messagesOf([turn("client", 0, "POST /in HTT"), next], "tcp")).toHaveLength(2);
});

test("what lies across the end of a page is found", () => {
  const pattern = patternOf("text", "http/1.1");
  if (!("source" in pattern)) throw new Error(pattern.mistake);
  expect(findIn(haystacksOf(messagesOf(TURNS, "tcp")), pattern.source)).toEqual([
    { side: "client", from: 9, to: 16 },
    { side: "server", from: 0, to: 7 },
  ]);
});

test("bytes of a reset are no part of what was said", () => {
  const turns = [...TURNS, turn("server", 12, "gone", true)];
  expect(bytesThere(turns)).toBe(29);
  expect(haystacksOf(messagesOf(turns, "tcp"))).toHaveLength(2);
});
