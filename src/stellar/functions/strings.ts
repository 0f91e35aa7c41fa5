import { timeZone } from "../../java/time-zone.ts";
import { StellarError } from "../language/error.ts";
import { defineFunction, defineServiceFunction, type Namespace, raises } from "../language/function.ts";
import { checkCollectionSize, checkTextSize } from "../values/budget.ts";
import { format } from "../values/formatter.ts";
import { trimmed } from "../values/text.ts";
import { toText } from "../values/value.ts";
import { endsWithBytes, startsWithBytes } from "./string-bytes.ts";

const INPUT = { name: "input", type: "text", about: "The text; other values count as their text." } as const;
const STRING = { name: "input", type: "string", about: "The string." } as const;

const toUpper = defineFunction({
  name: "TO_UPPER",
  summary: "Converts a text to upper case.",
  params: [INPUT],
  returns: "string",
  examples: [
    ["TO_UPPER('metron')", "METRON"],
    ["TO_UPPER(null)", null],
  ],
  call: (input) => (input === null ? null : input.toUpperCase()),
});

const toLower = defineFunction({
  name: "TO_LOWER",
  summary: "Converts a text to lower case.",
  params: [INPUT],
  returns: "string",
  examples: [
    ["TO_LOWER('METRON')", "metron"],
    ["TO_LOWER(null)", null],
  ],
  call: (input) => (input === null ? null : input.toLowerCase()),
});

const trim = defineFunction({
  name: "TRIM",
  summary: "Removes blanks and control characters from both ends of a text.",
  params: [INPUT],
  returns: "string",
  examples: [
    ["TRIM('  metron\\t')", "metron"],
    ["TRIM(null)", null],
  ],
  call: (input) => (input === null ? null : trimmed(input)),
});

const startsWith = defineFunction({
  name: "STARTS_WITH",
  summary: "Tells whether a string starts with a prefix.",
  params: [STRING, { name: "prefix", type: "string", about: "What it may start with." }],
  returns: "boolean",
  examples: [
    ["STARTS_WITH('metron', 'met')", true],
    ["STARTS_WITH('metron', 'ron')", false],
    ["STARTS_WITH(null, 'met')", false],
  ],
  bytes: startsWithBytes,
  call: (input, prefix) => input !== null && prefix !== null && input.startsWith(prefix),
});

const endsWith = defineFunction({
  name: "ENDS_WITH",
  summary: "Tells whether a string ends with a suffix.",
  params: [STRING, { name: "suffix", type: "string", about: "What it may end with." }],
  returns: "boolean",
  examples: [
    ["ENDS_WITH('metron', 'ron')", true],
    ["ENDS_WITH('metron', 'met')", false],
    ["ENDS_WITH('metron', null)", false],
  ],
  bytes: endsWithBytes,
  call: (input, suffix) => input !== null && suffix !== null && input.endsWith(suffix),
});

const join = defineFunction({
  name: "JOIN",
  summary: "Joins the elements of a list or set to one string.",
  params: [
    { name: "elements", type: "collection", about: "What to join; nulls are left out." },
    { name: "delimiter", type: "string", about: "What to put between two elements." },
  ],
  returns: "string",
  examples: [
    ["JOIN(['a', null, 1.0], ', ')", "a, 1.0"],
    ["JOIN([], ',')", ""],
    ["JOIN(null, ',')", raises("no list")],
  ],
  call: (elements, delimiter) => {
    if (elements === null) throw new StellarError("there is no list to join");
    if (delimiter === null) throw new StellarError("the delimiter must not be null");
    const parts: string[] = [];
    let length = 0;
    for (const element of elements) {
      if (element === null) continue;
      const part = toText(element);
      length += part.length + delimiter.length;
      checkTextSize(length);
      parts.push(part);
    }
    return parts.join(delimiter);
  },
});

const split = defineFunction({
  name: "SPLIT",
  summary: "Splits a text at every occurrence of a delimiter.",
  params: [INPUT, { name: "delimiter", type: "string", about: "The literal delimiter, not a pattern." }],
  returns: "list",
  examples: [
    ["SPLIT('a,,c', ',')", ["a", "", "c"]],
    ["SPLIT('a.b', '.')", ["a", "b"]],
    ["SPLIT('', ',')", [""]],
    ["SPLIT(null, ',')", []],
    ["SPLIT('abc', '')", raises("empty")],
  ],
  call: (input, delimiter) => {
    if (input === null) return [];
    if (!delimiter) throw new StellarError("the delimiter must not be empty");
    const parts = input.split(delimiter);
    checkCollectionSize(parts.length);
    return parts;
  },
});

const FILLED = [
  INPUT,
  { name: "fill", type: "text", about: "What to fill with; only its first character counts." },
  { name: "length", type: "integer", about: "How long the result has to be at least." },
] as const;

const fillLeft = defineFunction({
  name: "FILL_LEFT",
  summary: "Fills a text from the left up to a length.",
  params: FILLED,
  returns: "string",
  examples: [
    ["FILL_LEFT('123', 'X', 10)", "XXXXXXX123"],
    ["FILL_LEFT('123', 'XY', '5')", "XX123"],
    ["FILL_LEFT(null, 'X', 3)", null],
    ["FILL_LEFT('123', '', 5)", raises("must not be empty")],
  ],
  call: (input, fill, length) => (input === null ? null : input.padStart(...filling(fill, length))),
});

const fillRight = defineFunction({
  name: "FILL_RIGHT",
  summary: "Fills a text from the right up to a length.",
  params: FILLED,
  returns: "string",
  examples: [
    ["FILL_RIGHT('123', 'X', 10)", "123XXXXXXX"],
    ["FILL_RIGHT('1234567890', 'X', 3)", "1234567890"],
    ["FILL_RIGHT('123', 'X', 'z')", raises("whole number")],
  ],
  call: (input, fill, length) => (input === null ? null : input.padEnd(...filling(fill, length))),
});

const stringEntropy = defineFunction({
  name: "STRING_ENTROPY",
  summary: "Gives the Shannon entropy of a text's characters, in bits.",
  params: [INPUT],
  returns: "double",
  exact: true,
  examples: [
    ["STRING_ENTROPY('aaaaaaaaaabbbbbccccc')", 1.5],
    ["STRING_ENTROPY('ab')", 1],
    ["STRING_ENTROPY('')", 0],
    ["STRING_ENTROPY(null)", 0],
  ],
  call: (input) => {
    if (input === null) return 0;
    const counts = new Map<number, number>();
    for (let at = 0; at < input.length; at++) {
      const code = input.charCodeAt(at);
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    let entropy = 0;
    for (const count of counts.values()) {
      const share = count / input.length;
      entropy -= share * Math.log2(share);
    }
    // One character alone would return -0.
    return entropy + 0;
  },
});

const formatFunction = defineServiceFunction({
  name: "FORMAT",
  summary: "Formats values by a pattern, as Java's String.format does.",
  params: [
    { name: "format", type: "string", about: "The pattern, such as `%s has %d hits (%.1f %%)`." },
    { name: "arguments", type: "any", about: "The values that the pattern's conversions take.", rest: true },
  ],
  returns: "string",
  needs: [],
  pure: true,
  examples: [
    ["FORMAT('%s-%d', 'a', 5)", "a-5"],
    ["FORMAT('%06d', 234)", "000234"],
    ["FORMAT('%.1f', TO_DOUBLE(234))", "234.0"],
    ["FORMAT('%2$s %1$s', 'a', 'b')", "b a"],
    ["FORMAT('%d', 5.0)", raises("cannot format a value of type double")],
    ["FORMAT('%s')", raises("no argument")],
  ],
  call: (services, pattern, ...values) => {
    if (pattern === null) throw new StellarError("the format must not be null");
    return format(pattern, values, timeZone(services.timeZone));
  },
});

const chomp = defineFunction({
  name: "CHOMP",
  summary: "Removes one line end from the end of a string, if there is one.",
  params: [STRING],
  returns: "string",
  examples: [
    ["CHOMP('abc\\r\\n')", "abc"],
    ["CHOMP('abc\\n\\n')", "abc\n"],
    ["CHOMP('abc')", "abc"],
    ["CHOMP(null)", null],
  ],
  call: (input) => {
    if (input === null) return null;
    if (input.endsWith("\r\n")) return input.slice(0, -2);
    return input.endsWith("\n") || input.endsWith("\r") ? input.slice(0, -1) : input;
  },
});

const chop = defineFunction({
  name: "CHOP",
  summary: "Removes the last character of a string; a CR and LF together are one.",
  params: [STRING],
  returns: "string",
  examples: [
    ["CHOP('abc')", "ab"],
    ["CHOP('abc\\r\\n')", "abc"],
    ["CHOP('')", ""],
    ["CHOP(null)", null],
  ],
  call: (input) => (input === null ? null : input.slice(0, input.endsWith("\r\n") ? -2 : -1)),
});

const substring = defineFunction({
  name: "SUBSTRING",
  summary: "Gives a part of a string.",
  params: [
    STRING,
    { name: "start", type: "number", about: "Index of the first character, from 0." },
    {
      name: "end",
      type: "number",
      about: "Index behind the last character; to the end unless given.",
      optional: true,
    },
  ],
  returns: "string",
  examples: [
    ["SUBSTRING('apache metron', 7)", "metron"],
    ["SUBSTRING('apache metron', 7, 9)", "me"],
    ["SUBSTRING('', 5)", ""],
    ["SUBSTRING('metron', null)", null],
    ["SUBSTRING('metron', 0, 10)", raises("0 to 10")],
  ],
  call: (input, start, end) => {
    if (input === null || start === null) return null;
    if (input === "") return "";
    const from = Math.trunc(start);
    const to = Math.trunc(end ?? input.length);
    if (!(from >= 0 && from <= to && to <= input.length)) {
      throw new StellarError(`there is no ${from} to ${to} in a string of ${input.length} characters`);
    }
    return input.slice(from, to);
  },
});

const prependIfMissing = defineFunction({
  name: "PREPEND_IF_MISSING",
  summary: "Puts a prefix before a string that does not start with it.",
  params: [
    STRING,
    { name: "prefix", type: "string", about: "The prefix to put." },
    { name: "alternative", type: "string", about: "Another prefix that will do.", optional: true },
  ],
  returns: "string",
  exact: true,
  examples: [
    ["PREPEND_IF_MISSING('abc', 'xyz')", "xyzabc"],
    ["PREPEND_IF_MISSING('xyzabc', 'xyz')", "xyzabc"],
    ["PREPEND_IF_MISSING('mnoabc', 'xyz', 'mno')", "mnoabc"],
    ["PREPEND_IF_MISSING(null, 'xyz')", null],
  ],
  call: (input, prefix, alternative) => {
    if (input === null || !prefix) return input;
    const present = input.startsWith(prefix) || (alternative != null && input.startsWith(alternative));
    return present ? input : prefix + input;
  },
});

const appendIfMissing = defineFunction({
  name: "APPEND_IF_MISSING",
  summary: "Puts a suffix behind a string that does not end with it.",
  params: [
    STRING,
    { name: "suffix", type: "string", about: "The suffix to put." },
    { name: "alternative", type: "string", about: "Another suffix that will do.", optional: true },
  ],
  returns: "string",
  exact: true,
  examples: [
    ["APPEND_IF_MISSING('abc', 'xyz')", "abcxyz"],
    ["APPEND_IF_MISSING('abcxyz', 'xyz')", "abcxyz"],
    ["APPEND_IF_MISSING('abcmno', 'xyz', 'mno')", "abcmno"],
    ["APPEND_IF_MISSING('abc', null)", "abc"],
  ],
  call: (input, suffix, alternative) => {
    if (input === null || !suffix) return input;
    const present = input.endsWith(suffix) || (alternative != null && input.endsWith(alternative));
    return present ? input : input + suffix;
  },
});

const countMatches = defineFunction({
  name: "COUNT_MATCHES",
  summary: "Counts how often a string holds another; the places do not overlap.",
  params: [STRING, { name: "part", type: "string", about: "The string to count." }],
  returns: "integer",
  exact: true,
  examples: [
    ["COUNT_MATCHES('abba', 'a')", 2],
    ["COUNT_MATCHES('aaa', 'aa')", 1],
    ["COUNT_MATCHES('abba', '')", 0],
    ["COUNT_MATCHES(null, 'a')", 0],
  ],
  call: (input, part) => (!input || !part ? 0 : input.split(part).length - 1),
});

export const strings: Namespace = {
  name: "strings",
  summary: "Work on texts.",
  functions: [
    appendIfMissing,
    chomp,
    chop,
    countMatches,
    endsWith,
    fillLeft,
    fillRight,
    formatFunction,
    join,
    prependIfMissing,
    split,
    startsWith,
    stringEntropy,
    substring,
    toLower,
    toUpper,
    trim,
  ],
};

/** The length and the fill character, as padStart takes them. */
function filling(fill: string | null, length: number | null): [length: number, fill: string] {
  if (fill === null) throw new StellarError("the fill must not be null");
  if (fill === "") throw new StellarError("the fill must not be empty");
  if (length === null) throw new StellarError("the length must be a whole number");
  checkTextSize(length);
  return [length, fill.charAt(0)];
}
