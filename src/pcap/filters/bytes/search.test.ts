import { expect, test } from "vitest";
import { AuthorError } from "../../../core/author-error.ts";
import { bytes } from "../../testing/build.ts";
import { compileSearchText, type SearchText } from "../search-filter.ts";
import { parseByteseek } from "./byteseek.ts";
import { parseByteRegex } from "./regex.ts";
import { compileSearch } from "./search.ts";

function finds(search: SearchText, hex: string): boolean {
  const data = bytes(hex);
  // Bytes around what is searched must not matter.
  const framed = bytes("2f56abd8 00", data, "2f56abd8");
  return compileSearchText(search)(framed, 5, 5 + data.length);
}

const latin = (text: string): string => Buffer.from(text, "latin1").toString("hex");

test.each([
  ["2f56abd8", "00 2f56abd8 00", true],
  ["2F 56\tab # a comment\n d8", "2f56abd8", true],
  ["2f56abd8", "2f56abd7", false],
  ["'persist'", latin("to persist in"), true],
  ["'persist'", latin("to PERSIST in"), false],
  ["`persist`", latin("to PerSIST in"), true],
  ["00 'ab' ^3c 5a", "00 6162 3d 5a", true],
  ["00 'ab' ^3c 5a", "00 6162 3c 5a", false],
  ["'a' . 'b'", latin("axb"), true],
  ["'a' . 'b'", latin("ab"), false],
  ["'a' .{2-4} 'b'", latin("a12b"), true],
  ["'a' .{2,4} 'b'", latin("a1234b"), true],
  ["'a' .{2-4} 'b'", latin("a1b"), false],
  ["'a' .{2-4} 'b'", latin("a12345b"), false],
  ["'a' .{2,*} 'b'", latin("a1234567b"), true],
  ["'a'{3}", latin("aa"), false],
  ["'ab'{2}", latin("abab"), true],
  ["30-39 'x'", latin("7x"), true],
  ["'9' - '0' 'x'", latin("7x"), true],
  ["^30-39 'x'", latin("7x"), false],
  ["^'Z' 'x'", latin("Zx"), false],
  ["[09 0a 'aeiou' '0'-'9'] 'x'", latin("ix"), true],
  ["^[09 0a 'aeiou' '0'-'9'] 'x'", latin("ix"), false],
  ["[^~0f 01] 'x'", "1178", false],
  ["[^~0f 01] 'x'", "0178", true],
  ["[`A`] 'x'", latin("ax"), true],
  ["`a` 'x'", latin("Ax"), true],
  ["&81 ff", "c1ff", true],
  ["&81 ff", "80ff", false],
  ["~81 ff", "80ff", true],
  ["~81 ff", "7eff", false],
  ["'a' ('bc'|'d')+ 'e'", latin("abcdbce"), true],
  ["'a' ('bc'|'d')+ 'e'", latin("ae"), false],
  ["\\d \\l \\u \\s \\w \\D \\S", latin("1aA _xx"), true],
  ["'caf\u00e9'", latin("caf\u00e9"), true],
  ["'green'* 'x'", latin("x"), true],
])("byteseek %s in %s: %s", (byteseek, data, expected) => {
  expect(finds({ byteseek }, data)).toBe(expected);
});

test.each([
  ["GET /", latin("xGET / HTTP"), true],
  ["^GET", latin("xGET"), false],
  ["^GET", latin("GET"), true],
  ["end$", latin("the end"), true],
  ["end$", latin("the end."), false],
  ["^$", "", true],
  ["^$", "00", false],
  ["(?i)user-agent: \\w+/\\d{1,3}\\.\\d", latin("USER-agent: curl/8.1"), true],
  ["a.c", latin("a\nc"), false],
  ["(?s)a.c", latin("a\nc"), true],
  ["\\x00\\xff{2}", "0000ffff", true],
  ["[^a-z]x", latin("ax"), false],
  ["[]a]b", latin("]b"), true],
  ["[a\\-z]x", latin("-x"), true],
  ["(?:ab|c){2,}d", latin("abcd"), true],
  ["(?P<name>ab)?c", latin("c"), true],
  ["\u00fcber", Buffer.from("\u00fcber").toString("hex"), true],
  ["a*?b", latin("b"), true],
  ["(a|b)*\\z", latin("ab"), true],
  ["(^a|b)c", latin("xac"), false],
  ["(^a|b)c", latin("xbc"), true],
])("regex %s in %s: %s", (regex, data, expected) => {
  expect(finds({ regex }, data)).toBe(expected);
});

test.each([
  [{ text: "a.b" }, latin("a.b"), true],
  [{ text: "a.b" }, latin("axb"), false],
  [{ text: "PassWord", isCaseless: true }, latin("pAsswORD"), true],
  [{ text: "é" }, "c3a9", true],
  [{ hex: "de:ad be EF" }, "00deadbeef", true],
  [{ hex: "deadbeef" }, "deadbeee", false],
] satisfies readonly [SearchText, string, boolean][])("%j in %s: %s", (search, data, expected) => {
  expect(finds(search, data)).toBe(expected);
});

test.each([
  [{ byteseek: "" }, "Bytes are missing here: write them in hex or as 'text'.", 0],
  [{ byteseek: "2f5" }, "Expected a byte as two hex digits, 'text', a set in [ ], or a dot for any byte.", 2],
  [{ byteseek: "'abc" }, "The text that begins here has no closing '.", 0],
  [{ byteseek: "(01" }, "A ) is missing here.", 3],
  [{ byteseek: "01)" }, "This ) closes nothing: remove it or add a ( before.", 2],
  [{ byteseek: "^'ab'" }, "Only a single character can be inverted or begin or end a range.", 1],
  [{ byteseek: "[01" }, "A ] is missing here.", 3],
  [{ byteseek: "[]" }, "A set needs at least one byte.", 1],
  [{ byteseek: "01{x}" }, "Expected a repetition such as {4}, {2,5} or {2,*}.", 2],
  [{ byteseek: "01{5,2}" }, "The range 5 to 2 is upside down.", 2],
  [{ byteseek: "\\q" }, "\\q means nothing here.", 0],
  [{ byteseek: "'€'" }, "Text has characters of one byte: write the others in hex.", 0],
  [{ regex: "(a" }, "A ) is missing here.", 2],
  [{ regex: "a)" }, "This ) closes nothing: put a backslash before it.", 1],
  [{ regex: "*a" }, "There is nothing to repeat here.", 0],
  [{ regex: "(a)\\1" }, "A reference to a group (\\1) is not read: it is not regular.", 3],
  [
    { regex: "a(?=b)" },
    "Look-around and flags within the pattern are not read: (?i) and (?s) may begin it.",
    1,
  ],
  [{ regex: "[a" }, "This class has no closing ].", 0],
  [{ regex: "[z-a]" }, "A range goes from one character to one that is not smaller.", 1],
  [{ regex: "a{9999}" }, "A part is repeated at most 4096 times.", 1],
  [{ hex: "0x12" }, "x is no hex digit.", 1],
  [{ hex: "123" }, "Bytes are written as two hex digits each.", 0],
] satisfies readonly [SearchText, string, number][])("%j is refused: %s at %i", (search, message, place) => {
  const error = mistakeOf(search);
  expect([error?.message, error?.span?.start]).toEqual([message, place]);
});

test.each([
  [{ regex: "((a{100}){100}){100}" }],
  [{ byteseek: `${"(".repeat(5000)}00` }],
  [{ regex: "(".repeat(5000) }],
  [{ regex: `a${"*".repeat(5000)}` }],
  [{ byteseek: "^".repeat(5000) }],
  [{ byteseek: "00".repeat(9000) }],
])("a pattern that is too large is refused", (search) => {
  expect(mistakeOf(search)).toBeInstanceOf(AuthorError);
});

function mistakeOf(search: SearchText): AuthorError | undefined {
  try {
    compileSearchText(search);
    return undefined;
  } catch (error) {
    if (error instanceof AuthorError) return error;
    throw error;
  }
}

test.each([
  ["(?i)[^a]", "aA", false],
  ["(?i)[^a]", "aAb", true],
  ["(?i)[^A-Z]", "aZ", false],
  ["(?i)[a]", "A", true],
  ["[^a]", "A", true],
])("%s in %s is found: %s", (regex, text, isFound) => {
  const data = new TextEncoder().encode(text);
  expect(compileSearchText({ regex })(data, 0, data.length)).toBe(isFound);
});

test("patterns that make backtracking run away take their steps and no more", () => {
  const data = new Uint8Array(100_000).fill(0x61);
  expect(compileSearch(parseByteRegex("(a*)*(a|aa)+b"))(data, 0, data.length)).toBe(false);
  expect(compileSearch(parseByteRegex("(?:a?){500}a{500}b"))(data, 0, 5000)).toBe(false);
});

test("a search that needs more states than are remembered still finds", () => {
  const search = compileSearch(parseByteseek("'a' .{0,200} 'b' .{200} 'c'"));
  let seed = 3;
  const data = Uint8Array.from({ length: 4000 }, () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return 0x61 + ((seed >> 16) % 2);
  });
  data.set([0x61, 0x62], 3797);
  expect(search(data, 0, data.length)).toBe(false);
  data[3999] = 0x63;
  expect(search(data, 0, data.length)).toBe(true);
  expect(search(data, 0, 3999)).toBe(false);
});

test("searches agree with the engine's own expressions on random texts", () => {
  const patterns = ["a(b|c)*d", "^(ab?c){2,3}", "[ab]+c$", "a.{1,3}b|cd", "(a|b)*c(a|b){2}", "a{2}b?c{1,2}$"];
  let seed = 7;
  const next = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648);
  for (const pattern of patterns) {
    const search = compileSearch(parseByteRegex(pattern));
    const expression = new RegExp(pattern);
    for (let round = 0; round < 500; round++) {
      const text = Array.from({ length: next() % 12 }, () => "abcd"[(next() >> 8) % 4]).join("");
      const data = Buffer.from(text);
      expect([pattern, text, search(data, 0, data.length)]).toEqual([pattern, text, expression.test(text)]);
    }
  }
});
