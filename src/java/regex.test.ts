import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs } from "../core/testing/runs.ts";
import { matchBounded } from "./regex/bounded.ts";
import { parseRegex } from "./regex/parser.ts";
import { compileProgram } from "./regex/program.ts";
import { compileRegex } from "./regex.ts";

/** Both engines must agree with Java's documentation. */
function matchesBoth(pattern: string, text: string): boolean {
  const native = compileRegex(pattern).matches(text);
  const bounded = matchBounded(compileProgram(pattern, parseRegex(pattern)), text, 0, true) !== undefined;
  expect(bounded, `${pattern} on ${text}, bounded`).toBe(native);
  return native;
}

test.each([
  ["abc", "abc", true],
  ["a.c", "xabc", false],
  ["a|ab", "ab", true],
  [".*", "a\nb", false],
  ["(?s).*", "a\nb", true],
  [".", "\u0085", false],
  ["(?d).", "\u0085", true],
  [".", "😀", true],
  ["[^a]", "😀", true],
  ["\\d+", "12345", true],
  ["\\d", "\u0663", false],
  ["(?U)\\d", "\u0663", true],
  ["\\w+", "a_1", true],
  ["\\w", "é", false],
  ["\\s", "\u00a0", false],
  ["\\h", "\u00a0", true],
  ["\\v", "\n", true],
  ["\\H\\V\\D\\W\\S", "abc-x", true],
  ["\\R", "\r\n", true],
  ["a\\Rb", "a\nb", true],
  ["\\p{Alpha}+\\p{Digit}", "abc1", true],
  ["\\p{Lower}", "é", false],
  ["\\p{L}", "é", true],
  ["\\pL", "é", true],
  ["\\p{Lu}", "é", false],
  ["\\P{L}", "1", true],
  ["\\p{IsGreek}", "α", true],
  ["\\p{InGreek}", "α", true],
  ["\\p{script=Cyrillic}", "я", true],
  ["\\p{IsAlphabetic}", "я", true],
  ["\\p{javaLowerCase}", "ß", true],
  ["\\p{Punct}+", "!$^~", true],
  ["\\Qa.b\\E+", "a.bb", true],
  ["\\Qa.b", "a.b", true],
  ["\\x41\\x{1F600}\\u0042\\0101\\t\\cA\\e\\a", "A😀BA\t\x01\x1b\x07", true],
  ["\\uD83D\\uDE00", "😀", true],
  ["[a-c[x-z]]+", "abxz", true],
  ["[a-z&&[^bc]]+", "adz", true],
  ["[a-z&&[^bc]]", "b", false],
  ["[a-z&&b-d]", "c", true],
  ["[a-z&&b-d]", "e", false],
  ["[]a]+", "]a", true],
  ["[^]a]", "b", true],
  ["[a-]+", "a-", true],
  ["[\\w.-]+", "a.b-c", true],
  ["[\\Q^]\\E]+", "^]", true],
  ["[a\\]b]+", "a]b", true],
  ["(?i)abc", "aBC", true],
  ["(?i)[a-c]+", "ABc", true],
  ["(?i)[^a]", "A", false],
  ["(?i)é", "É", false],
  ["(?iu)é", "É", true],
  ["a(?i)b", "aB", true],
  ["a(?i)b", "AB", false],
  ["(?i:a)b", "Ab", true],
  ["(?i:a)b", "AB", false],
  ["(?i)a(?-i)b", "AB", false],
  ["(a(?i)b)c", "aBC", false],
  ["(?x) a b # comment\n c", "abc", true],
  ["(?x)[a b]", " ", false],
  ["(a)(b)\\2\\1", "abba", true],
  ["(?<x>a)\\k<x>", "aa", true],
  ["(a)|b\\1", "b", false],
  ["(?i)(a)\\1", "aA", true],
  ["\\1(a)", "a", false],
  ["(a)\\11", "aa1", true],
  ["a*+a", "aaa", false],
  ["(?>a*)a", "aaa", false],
  ["(?>a|ab)c", "abc", false],
  ["a++b", "aab", true],
  ["a?+a", "a", false],
  ["a{2}", "aa", true],
  ["a{2,}", "aaaa", true],
  ["a{1,2}", "aaa", false],
  ["a{2}{3}", "aa", true],
  ["a{0}", "", true],
  ["}", "}", true],
  ["]", "]", true],
  ["(?=ab)a.", "ab", true],
  ["(?!ab)a.", "ab", false],
  [".(?<=a)b", "ab", true],
  [".(?<!a)b", "ab", false],
  ["(?<=a{1,3})", "", false],
  ["^a$", "a", true],
  ["a$\\n", "a\n", true],
  ["a\\z\\n", "a\n", false],
  ["a\\Z\\n", "a\n", true],
  ["a$\\r\\n", "a\r\n", true],
  ["a$\\n\\n", "a\n\n", false],
  ["(?m)a$\\n^b", "a\nb", true],
  ["(?m)a\\n^", "a\n", false],
  ["a\\b b", "a b", true],
  ["é\\b.", "é ", true],
  ["é\\bé", "éé", false],
  ["\\Ba", "a", false],
  ["\\Aa\\z", "a", true],
  ["a||b", "", true],
  ["(|a)+", "aa", true],
  ["(a*)*", "aaa", true],
  ["(a*)+b", "aab", true],
  ["(?:a|b*)*c", "abbac", true],
  ["^*a", "a", true],
  ["(?:^a)+", "a", true],
  ["\\E", "", true],
])("%s matches %j: %s", (pattern, text, expected) => {
  expect(matchesBoth(pattern, text)).toBe(expected);
});

test.each([
  ["[", "the bracket is never closed at character 1", 0],
  ["a[b", "the bracket is never closed at character 2", 1],
  ["(a", "the group is never closed", 0],
  ["a)", "a `)` closes nothing", 1],
  ["*a", "there is nothing for `*` to repeat", 0],
  ["a**", "there is nothing for `*` to repeat", 2],
  ["a|*", "there is nothing for `*` to repeat", 2],
  ["a{", "a repeat such as {2,3} is needed", 1],
  ["a{,3}", "a repeat such as {2,3} is needed", 1],
  ["a{3,2}", "the repeat's range is not possible", 1],
  ["{x", "a repeat such as {2,3} is needed", 0],
  ["[z-a]", "the range runs backwards", 1],
  ["\\y", "`\\y` means nothing", 0],
  ["a\\", "the pattern ends with a backslash", 1],
  ["\\p{Nope}", "there is no character property {Nope}", 2],
  ["\\x4", "two hexadecimal digits are needed", 2],
  ["\\k<x>", "there is no group named x before", 0],
  ["(?<x>a)(?<x>b)", "there are two groups named x", 12],
  ["(?<1>a)", "a group's name is made of letters and digits", 3],
  ["(?z)", "this kind of group is unknown", 0],
  ["(".repeat(300), "the pattern nests too deep", 200],
  ["[".repeat(300), "the pattern nests too deep", 201],
  ["a".repeat(40_000), "too long", 32_768],
])("refuses %s", (pattern, message, position) => {
  expect(() => compileRegex(pattern)).toThrow(expect.objectContaining({ position }));
  expect(() => compileRegex(pattern)).toThrow(message);
});

describe("groups", () => {
  test("hold the text they matched", () => {
    const regex = compileRegex("(?<word>[a-z]+)(\\d+)?(x)?");
    expect(regex.match("foo123")).toEqual({
      start: 0,
      end: 6,
      groups: ["foo123", "foo", "123", undefined],
    });
    expect(regex.names.get("word")).toBe(1);
    expect(regex.groupCount).toBe(3);
    expect(regex.match("123")).toBeUndefined();
  });

  test("keep their text from an earlier turn of a loop, as in Java", () => {
    expect(compileRegex("(?:(a)|b)*").match("ab")?.groups).toEqual(["ab", "a"]);
    expect(compileRegex("(?:(a)|(b))*").match("abb")?.groups).toEqual(["abb", "a", "b"]);
  });

  test("count as the pattern counts them, around atomic ones too", () => {
    expect(compileRegex("(?>(a)+)(b)").match("aab")?.groups).toEqual(["aab", "a", "b"]);
  });

  test("find goes on from a position", () => {
    const regex = compileRegex("[a-z]+");
    expect(regex.find("1 ab 2 cd")).toEqual({ start: 2, end: 4, groups: ["ab"] });
    expect(regex.find("1 ab 2 cd", 4)).toEqual({ start: 7, end: 9, groups: ["cd"] });
    expect(regex.find("1 2")).toBeUndefined();
    expect(regex.test("1 ab")).toBe(true);
    expect(regex.test("1 2")).toBe(false);
  });
});

test.each([
  ["(o+)", "foobar", "<$1>", "f<oo>bar"],
  ["o", "foobar", "", "fbar"],
  ["(?<x>o)", "fo", "${x}${x}", "foo"],
  ["(a)(b)", "ab", "$2$1$12", "baa2"],
  ["a", "a", "\\$1\\\\", "$1\\"],
  ["x*", "xab", "-", "--a-b-"],
  ["", "a😀", "-", "-a-😀-"],
  ["(a)|b", "b", "[$1]", "[]"],
])("replaces %s in %s by %s", (pattern, text, replacement, expected) => {
  expect(compileRegex(pattern).replaceAll(text, replacement)).toBe(expected);
});

test.each([
  ["o", "$1", "group 1"],
  ["o", "$", "without a group's number"],
  ["o", "${x}", "group x"],
  ["o", "\\", "ends with a backslash"],
])("refuses to replace %s by %s", (pattern, replacement, message) => {
  expect(() => compileRegex(pattern).replaceAll("foo", replacement)).toThrow(message);
});

const CATASTROPHIC = [
  "(a+)+b",
  "(a*)*b",
  "(a|a)*b",
  "(a|aa)+b",
  "(a|b|ab)*c",
  "(.*a){20}b",
  "(a?){40}a{40}b",
  `${"a?".repeat(40)}${"a".repeat(40)}b`,
  "(?:a*a*)*b",
  "([a-zA-Z]+)*b",
  "^(([a-z])+.)+[A-Z]([a-z])+b",
  "(x+x+)+y|(a+)+b",
  "(?=(a+)+b)a*",
  "(?<=(a+)+)b",
  "(?>(a+)+b)",
  "(?i)(a+)+b",
  "(a+)+\\1b",
  "((a{1,10}){1,10}){1,10}b",
  ".*.*.*.*.*.*.*b",
  "(\\w+\\s?)+b",
  "(a?b?)*c",
];

test.each(CATASTROPHIC)("%s comes to an end on any text", (pattern) => {
  const regex = compileRegex(pattern);
  for (const length of [30, 2000]) {
    for (const text of [`${"a".repeat(length)}!`, `${"ab".repeat(length / 2)}!`]) {
      try {
        regex.matches(text);
        regex.find(text);
      } catch (error) {
        // Only what refers back to its own groups may give up, and then says so.
        expect(String(error)).toContain("steps");
        expect(pattern).toMatch(/\\1|\?</);
      }
    }
  }
});

test.each([
  ["(a+)+b", Number.POSITIVE_INFINITY],
  ["(a|aa)+", Number.POSITIVE_INFINITY],
  ["(a?b?)*c", Number.POSITIVE_INFINITY],
  ["(?:a|b)*", 1],
  ["(\\d+\\.)*\\d+", 2],
  ["[^ ]* [^ ]* [^ ]*", 1],
  [".*foo.*bar", 2],
  ["\\d{1,3}(?:\\.\\d{1,3}){3}", 0],
  ["abc", 0],
  ['"(?:[^"\\\\]+|\\\\.)*"', Number.POSITIVE_INFINITY],
  ['"(?:[^"\\\\]|\\\\.)*"', 1],
  ['"(?>[^"\\\\]+|\\\\.)*"', 2],
  ["[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,6}", 1],
])("judges %s as of degree %s", (pattern, degree) => {
  expect(compileRegex(pattern).degree).toBe(degree);
});

test("a long text is matched in time by a pattern of any degree", () => {
  const text = "a".repeat(200_000);
  expect(compileRegex(".*x.*y.*z").matches(text)).toBe(false);
  expect(compileRegex("(a+)+b").test(text)).toBe(false);
});

test("what repeats beyond all bounds is refused when it is compiled", () => {
  expect(() => compileRegex("((a{1,1000}){1,1000}){1,1000}b")).toThrow("repeats too much");
});

const atom = fc.constantFrom(
  "a",
  "b",
  ".",
  "[ab]",
  "[^a]",
  "\\b",
  "^",
  "$",
  "c?",
  "(?:a|)",
  "(?=a)",
  "(?<!b)",
);
const { pattern: patterns } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.tuple(tie("pattern"), tie("pattern")).map(([left, right]) => left + right),
    fc.tuple(tie("pattern"), tie("pattern")).map(([left, right]) => `(?:${left}|${right})`),
    tie("pattern").map((inner) => `(${inner})`),
    tie("pattern").map((inner) => `(?>${inner})`),
    fc
      .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "*?", "+?", "{1,2}", "{2}", "*+"))
      .map(([inner, repeat]) => `(?:${inner})${repeat}`),
  ),
}));

test("the bounded matcher finds what the engine's own finds", () => {
  fc.assert(
    fc.property(
      patterns,
      fc.string({ unit: fc.constantFrom("a", "b", "c", "\n"), maxLength: 12 }),
      (pattern, text) => {
        const regex = compileRegex(pattern);
        if (regex.degree === Number.POSITIVE_INFINITY) return;
        const slots = matchBounded(compileProgram(pattern, parseRegex(pattern)), text, 0, false);
        const native = regex.find(text);
        expect(slots && [slots[0], slots[1]]).toEqual(native && [native.start, native.end]);
        const whole = matchBounded(compileProgram(pattern, parseRegex(pattern)), text, 0, true);
        expect(whole !== undefined).toBe(regex.matches(text));
      },
    ),
    { numRuns: runs(500) },
  );
});

test("arbitrary patterns either compile or say what is wrong", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(..."ab.*+?(){}[]|\\^$1,-&:=!<>dpQEkix ".split("")) }),
      (pattern) => {
        try {
          compileRegex(pattern).matches("aab");
        } catch (error) {
          expect(error).toMatchObject({ name: "PatternError", pattern });
        }
      },
    ),
    { numRuns: runs(2000) },
  );
});
