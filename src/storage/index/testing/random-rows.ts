import fc from "fast-check";
import type { FieldValue } from "../../../core/message.ts";
import { Double, Float } from "../../../core/number.ts";

export type Row = Record<string, FieldValue>;

type Random = () => number;

/** Makes the value of a row from its number and from chance. */
type Values = (row: number, random: Random) => FieldValue;

/** Whether a row lacks the field, of so many rows. */
type Lacks = (row: number, rows: number, random: Random) => boolean;

const WORDS = ["one", "two", "", "exactly 12 b", "thirteen byte", "a word of more than twelve bytes"];
const STRANGE = [
  "\u0000",
  "a\u0000b",
  "käse 🧀",
  "\ud83e\uddc0".repeat(9),
  "\ud800",
  "\u{10ffff}",
  "é",
  "\r\n",
  '"',
];
const NUMBERS = [
  2 ** 51,
  -(2 ** 51),
  2 ** 51 + 1,
  2 ** 53 - 1,
  -(2 ** 53) + 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  0,
  -1,
];
const HUGE = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, -(2n ** 53n), 2n ** 62n + 1n, 2n ** 70n];
const ODD = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  0,
  5e-324,
  1.7976931348623157e308,
  0.1,
];

/** Numbers, truths and times as texts: as they are mostly spelt, otherwise, and too large, and none. */
const SPELT = [
  ...[
    "443",
    "0443",
    "+443",
    "70000",
    "-1",
    "http",
    "",
    "0",
    "-0",
    "1.5",
    "1.50",
    "0.000",
    "1e3",
    "0.0000001",
  ],
  ...[
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "123456789012345.6",
    "99999999999999999999",
  ],
  ...["true", "TRUE", "false", "1700000000000", "253402300800000", "-62135596800001", "NaN", "käse 🧀"],
];
const TIMES = [
  253_402_300_799_999, 253_402_300_800_000, -62_135_596_800_000, -62_135_596_800_001, 0, -1, 0.5,
];

/** Fields whose type is declared, one of each, and those of none. */
const NAMES = ["ip_src_port", "bytes", "duration", "local_orig", "rt", "bro_timestamp", "eventtime", "user"];

const pick = <T>(values: readonly T[], random: Random): T =>
  values[Math.floor(random() * values.length)] as T;

/** Kinds of columns: each is stored in another way, or lies at the border of one. */
const VALUES = {
  "one text": () => "the same text in each row",
  "one short text": () => "same",
  "few texts": (_row, random) => pick(WORDS, random),
  "distinct short texts": (row) => row.toString(36),
  "distinct texts": (row) => `a text that only row ${row} has`,
  "texts in order": (row) => `${1e9 + row}-in-order`,
  "long texts": (row, random) => `${row} ${"abc ".repeat(60 + random() * 200)}`,
  "very long texts": (row, random) => (random() < 0.1 ? "x".repeat(70_000) : `${row}`.repeat(random() * 900)),
  "empty texts": () => "",
  "strange texts": (row, random) => pick(STRANGE, random) + (random() < 0.5 ? "" : row),
  "one number": () => 7,
  "small numbers": (_row, random) => Math.floor(random() * 100) - 50,
  "counted numbers": (row) => 1_795_000_000_000 + row,
  "wide numbers": (_row, random) => Math.floor((random() - 0.5) * 2 ** 53),
  "border numbers": (_row, random) => pick(NUMBERS, random),
  "huge numbers": (_row, random) => pick(HUGE, random),
  "jumping numbers": (row) => (row % 2 === 0 ? 1 : -1) * 2 ** 41,
  fractions: (_row, random) => new Double(random() * 1000 - 500),
  "whole fractions": (row) => new Double(row),
  "odd fractions": (_row, random) => new Double(pick(ODD, random)),
  "short fractions": (_row, random) => new Float(random()),
  "numbers, seldom fractions": (row, random) => (random() < 0.01 ? new Double(0.5) : row),
  "yes and no": (_row, random) => random() < 0.5,
  yes: () => true,
  lists: (row, random) => (random() < 0.5 ? [] : ["x", row, [null, "käse 🧀"]]),
  maps: (row, random) => ({ deep: { er: random() < 0.5 ? row : "few" }, "a.b": [1.5] }),
  nulls: () => null,
  anything: (row, random) => pick([null, "text", row, true, 2n ** 60n, new Double(0.25), ["list"]], random),
  "ports as texts": (row) => String((row * 7919) % 65_536),
  "ports as texts, seldom others": (row, random) =>
    random() < 0.02 ? pick(SPELT, random) : String(row % 60),
  "ports, seldom as texts": (row, random) => (random() < 0.02 ? pick(SPELT, random) : row % 60),
  "decimals as texts": (row, random) => (random() * 1000).toFixed(row % 7),
  "seconds as texts": (row) => String(1.7e9 + row / 1e6),
  "truths as texts": (row) => String(row % 3 === 0),
  "anything as text": (_row, random) => pick(SPELT, random),
  times: (_row, random) => (random() < 0.1 ? pick(TIMES, random) : 1.795e12 + Math.floor(random() * 1e9)),
  "texts, seldom numbers": (row, random) => (random() < 0.02 ? row : `text ${row % 50}`),
} satisfies Record<string, Values>;

/**
 * Which rows have no value: none, all, at either end, in the middle, in runs, here and there. Where fewer than half lack
 * it, texts that are all different get no dictionary, but pages.
 */
const LACKS = {
  none: () => false,
  all: () => true,
  "all but one": (row, rows) => row !== rows >> 1,
  first: (row, rows) => row < rows * 0.45,
  last: (row, rows) => row >= rows * 0.6,
  middle: (row, rows) => row >= rows * 0.3 && row < rows * 0.7,
  ends: (row, rows) => row < rows * 0.2 || row >= rows * 0.8,
  most: (row, rows) => row < rows * 0.9,
  runs: (row) => (row >> 7) % 3 === 1,
  "short runs": (row) => (row >> 4) % 3 === 0,
  alternating: (row) => row % 2 === 0,
  many: (_row, _rows, random) => random() < 0.9,
  few: (_row, _rows, random) => random() < 0.05,
} satisfies Record<string, Lacks>;

/** Those that fill several pages of a row group. */
const PAGED = ["distinct texts", "long texts", "very long texts", "texts in order"] as const;

const column = fc.record({
  name: fc.option(fc.constantFrom(...NAMES), { nil: undefined }),
  values: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...(Object.keys(VALUES) as (keyof typeof VALUES)[])) },
    { weight: 1, arbitrary: fc.constantFrom(...PAGED) },
  ),
  lacks: fc.constantFrom(...(Object.keys(LACKS) as (keyof typeof LACKS)[])),
  seed: fc.nat(),
});

const batch = fc.record({
  rows: fc.oneof(fc.constantFrom(1, 8, 9, 63, 64, 65, 513, 2600), fc.integer({ min: 1, max: 1500 })),
  columns: fc.array(column, { minLength: 1, maxLength: 6 }),
});

/** How some batches are made; short enough to be read when a property fails. */
export const batchPlans = fc.array(batch, { minLength: 1, maxLength: 3 });

export type BatchPlan = typeof batch extends fc.Arbitrary<infer Plan> ? Plan : never;

/** The rows of a planned batch: declared fields, and c0, c1, ... */
export function rowsOf({ rows, columns }: BatchPlan): Row[] {
  const made: Row[] = Array.from({ length: rows }, () => ({}));
  for (const [index, { name = `c${index}`, values, lacks, seed }] of columns.entries()) {
    const random = randomOf(seed);
    for (const [row, message] of made.entries())
      if (!LACKS[lacks](row, rows, random)) message[name] = VALUES[values](row, random);
  }
  return made;
}

/** Numbers from 0 up to but not including 1 that follow from a seed (mulberry32). */
function randomOf(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
