import { expect, test } from "vitest";
import { Arena } from "./arena.ts";
import { Dictionary } from "./dictionary.ts";
import { encodeText } from "./text.ts";

test("what is added stays at its place however often the arena grows", () => {
  const arena = new Arena(4);
  const texts = ["a", "käse 🧀", "", "x".repeat(5000), "end"];
  const spans = texts.map((text, index) => {
    const start = index % 2 === 0 ? arena.appendText(text) : arena.append(encodeText(text));
    return [start, arena.length] as const;
  });
  expect(spans.map(([start, end]) => arena.text(start, end))).toEqual(texts);
  expect(arena.length).toBe(texts.reduce((sum, text) => sum + encodeText(text).length, 0));
});

test("room that is reserved is not taken until its writer says so", () => {
  const arena = new Arena(4);
  arena.appendText("ab");
  const at = arena.reserve(100);
  expect([at, arena.length]).toEqual([2, 2]);
  expect(arena.bytes.length).toBeGreaterThanOrEqual(102);
  arena.bytes.set(encodeText("cd"), at);
  arena.length += 2;
  expect(arena.text(0, 4)).toBe("abcd");
});

test("an arena that is reset begins at the start, and keeps memory that is large enough", () => {
  const arena = new Arena(64);
  const { bytes } = arena;
  arena.appendText("first");
  arena.reset(64);
  expect([arena.length, arena.bytes]).toEqual([0, bytes]);
  expect(arena.bytes).toBe(bytes);
  arena.reset(65);
  expect(arena.bytes.length).toBeGreaterThanOrEqual(65);
  expect(arena.appendText("second")).toBe(0);
});

test("a half of a character of two units becomes the sign for what cannot be read", () => {
  const arena = new Arena(4);
  const start = arena.appendText("a\ud83d");
  expect(arena.text(start, arena.length)).toBe("a\ufffd");
});

test("a word has one code for good, and its bytes lie between two starts", () => {
  const dictionary = new Dictionary();
  const words = ["AT", "", "Österreich", "AT ", "x".repeat(3000)];
  const codes = words.map((word) => dictionary.code(word));
  expect(codes).toEqual([0, 1, 2, 3, 4]);
  expect(words.map((word) => dictionary.code(word))).toEqual(codes);
  expect(codes.map((code) => dictionary.word(code))).toEqual(words);
  expect(dictionary.words).toEqual(words);
  const bytes = codes.map((code) =>
    dictionary.arena.text(dictionary.starts[code] as number, dictionary.starts[code + 1] as number),
  );
  expect(bytes).toEqual(words);
});
