import { expect, test } from "vitest";
import { cellsOf, isText, visible, visibleText } from "./cells.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test.each<[string, Uint8Array, string]>([
  ["plain text", bytes("GET /é €😀"), "GET /é €😀"],
  ["controls", bytes("a\0b\tc\u001b[31m\x7f"), "a\\0b\\tc\\x1b[31m\\x7f"],
  ["controls beyond ASCII", bytes("a\u0085b"), "a‹U+0085›b"],
  ["marks of direction", bytes("a\u202egnp.exe\u2066b"), "a‹U+202E›gnp.exe‹U+2066›b"],
  ["what has no width", bytes("a\u200bb\ufeffc\u00add"), "a‹U+200B›b‹U+FEFF›c‹U+00AD›d"],
  ["private and unassigned characters", bytes("\ue000\u0378"), "‹U+E000›‹U+0378›"],
  ["tags", bytes("\u{e0041}"), "‹U+E0041›"],
  ["bytes that are no UTF-8", Uint8Array.of(0x41, 0xff, 0xc3, 0x41, 0x80), "A\\xff\\xc3A\\x80"],
  ["a surrogate in UTF-8", Uint8Array.of(0xed, 0xa0, 0x80), "\\xed\\xa0\\x80"],
  ["an overlong slash", Uint8Array.of(0xc0, 0xaf), "\\xc0\\xaf"],
  ["a character that is cut", Uint8Array.of(0xe2, 0x82), "\\xe2\\x82"],
])("%s can be seen", (_, given, shown) => {
  const cells = cellsOf(given);
  expect(cells.map(({ text }) => text).join("")).toBe(shown);
  expect(cells.reduce((sum, cell) => sum + cell.bytes, 0)).toBe(given.length);
});

test("lines stay lines in a longer text, and none is made by a name", () => {
  expect(visibleText(bytes("a\r\nb\nc"))).toBe("a\nb\nc");
  expect(visible("a\r\nb")).toBe("a\\r\\nb");
});

test.each<[string, Uint8Array, boolean]>([
  ["a request", bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), true],
  ["a greeting in Greek", bytes("Γειά σου"), true],
  ["nothing", new Uint8Array(0), true],
  ["a TLS hello", Uint8Array.of(22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3), false],
  ["zeroes", new Uint8Array(5000), false],
])("%s: is it text", (_, given, expected) => expect(isText(given)).toBe(expected));
