import { expect, test } from "vitest";
import { type FindKind, findIn, MOST_HITS, patternOf } from "./find.ts";

const said = (bytes: Uint8Array | string) => [
  {
    side: "client" as const,
    position: 100,
    bytes: typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes,
  },
];

function find(kind: FindKind, text: string, bytes: Uint8Array | string) {
  const pattern = patternOf(kind, text);
  return "mistake" in pattern
    ? pattern.mistake
    : findIn(said(bytes), pattern.source).map(({ from, to }) => [from, to]);
}

test.each<[FindKind, string, Uint8Array | string, [number, number][]]>([
  [
    "text",
    "host",
    "GET / Host: host",
    [
      [106, 109],
      [112, 115],
    ],
  ],
  ["text", "a.b", "aXb a.b", [[104, 106]]],
  ["text", "é", "xé É", [[101, 102]]],
  ["hex", "4d 5a:00", Uint8Array.of(0x4d, 0x5a, 0, 0x4d, 0x5a), [[100, 102]]],
  ["hex", "0xff", Uint8Array.of(1, 0xff), [[101, 101]]],
  [
    "regex",
    "a.c",
    "a\nc abc",
    [
      [100, 102],
      [104, 106],
    ],
  ],
  ["regex", "[\\x80-\\xff]+", Uint8Array.of(1, 0x80, 0xff, 2), [[101, 102]]],
  ["regex", "x*", "axx", [[101, 102]]],
  ["text", "absent", "GET", []],
])("%s %j", (kind, text, bytes, expected) => expect(find(kind, text, bytes)).toEqual(expected));

test.each<[FindKind, string, RegExp]>([
  ["hex", "4d5", /two hex digits/],
  ["hex", "zz", /two hex digits/],
  ["regex", "(", /Unterminated group/],
])("what is wrong with %s %j is said", (kind, text, mistake) =>
  expect(find(kind, text, "")).toMatch(mistake),
);

test("hits are bounded", () => {
  expect(findIn(said(new Uint8Array(MOST_HITS + 5)), "\\x00")).toHaveLength(MOST_HITS);
});
