import { expect, test } from "vitest";
import { z } from "zod";
import {
  type Catalogue,
  type Definition,
  findNamed,
  joined,
  openAt,
  openEach,
  openList,
  openNamed,
  optionsWithin,
  schemaOf,
} from "./component.ts";
import { everyFault } from "./every.ts";
import { Fault } from "./fault.ts";

type Word = Definition<string, { readonly end: string }>;

const echo: Word = {
  name: "ECHO",
  aliases: ["REPEAT"],
  summary: "Says a text several times.",
  config: z.strictObject({ text: z.string(), times: z.number().default(1) }),
  short: {
    isMeant: (options) => typeof options === "string",
    config: z
      .string()
      .min(2)
      .transform((text) => ({ text })),
  },
  open({ text, times }: { text: string; times: number }, { end }) {
    if (times > 2) throw new Fault("CONFIG_INVALID", "too often", { details: { path: ["times"] } });
    return text.repeat(times) + end;
  },
};

const words: Catalogue<Word> = { kind: "word", list: [echo], spelling: (name) => name.toUpperCase() };
const context = { end: "!" };

/** What is wrong, each with its place. */
function mistakesOf(open: () => unknown): string[] {
  try {
    open();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return everyFault(error).map(({ message, details }) => {
      const { path } = details as { path: PropertyKey[] };
      return `${path.map(String).join(".")}: ${message}`;
    });
  }
  return [];
}

test.each<[string, unknown, string]>([
  ["ECHO", { text: "a", times: 2 }, "aa!"],
  ["echo", { text: "a" }, "a!"],
  ["repeat", { text: "a" }, "a!"],
  ["ECHO", "ab", "ab!"],
])("%s with %j opens as %j", (name, options, expected) => {
  expect(openNamed(words, name, options, context)).toBe(expected);
});

test.each<[string, unknown, string[]]>([
  ["SHOUT", {}, ["at.SHOUT: there is no word `SHOUT`; known are ECHO"]],
  ["ECHO", null, ["at.ECHO.text: is missing; expected a text"]],
  [
    "echo",
    { text: 5, loud: true },
    ["at.echo.text: expected a text, not `5`", "at.echo.loud: no such option"],
  ],
  ["ECHO", { text: "a", times: 3 }, ["at.ECHO.times: too often"]],
  ["ECHO", "a", ["at.ECHO: expected a text of at least 2 characters"]],
])("of %s with %j it is said what is wrong, and where", (name, options, expected) => {
  expect(mistakesOf(() => openNamed(words, name, options, context, ["at"]))).toEqual(expected);
});

test("options are read by the short schema where that is meant", () => {
  expect(schemaOf(echo, "ab")).toBe(echo.short?.config);
  expect(schemaOf(echo, { text: "ab" })).toBe(echo.config);
  const { short: _, ...plain } = echo;
  expect(schemaOf(plain, "ab")).toBe(echo.config);
});

test.each<[z.ZodType, unknown, unknown]>([
  [z.strictObject({ a: z.number().default(1) }), undefined, { a: 1 }],
  [z.strictObject({ a: z.number().default(1) }), null, { a: 1 }],
  [z.strictObject({ a: z.number().default(1) }), { a: 2 }, { a: 2 }],
  [z.strictObject({ a: z.number() }), null, undefined],
  [z.strictObject({ a: z.number() }), undefined, undefined],
])("options within others may be left out when none is required: case %#", (config, written, read) => {
  const { success, data } = z.strictObject({ config: optionsWithin(config) }).safeParse({ config: written });
  expect([success, data]).toEqual(read === undefined ? [false, undefined] : [true, { config: read }]);
});

test("all that is wrong with a list is said at once", () => {
  const list = [{ ECHO: "ab" }, { SHOUT: {} }, { ECHO: { text: "a", times: 3 } }];
  expect(mistakesOf(() => openList(words, list, context))).toEqual([
    "1.SHOUT: there is no word `SHOUT`; known are ECHO",
    "2.ECHO.times: too often",
  ]);
  expect(openList(words, [{ ECHO: "ab" }, { ECHO: "cd" }], context)).toEqual(["ab!", "cd!"]);
  expect(openEach(words, { ECHO: "ab", repeat: "cd" }, context)).toEqual(["ab!", "cd!"]);
});

test("a fault of several mistakes has each at its place", () => {
  const broken: Word = {
    ...echo,
    open: () => openEach(words, { SHOUT: {}, WHISPER: {} }, context, ["inner"]).join(),
  };
  expect(mistakesOf(() => openAt(broken, "ab", context, ["outer"]))).toEqual([
    "outer.inner.SHOUT: there is no word `SHOUT`; known are ECHO",
    "outer.inner.WHISPER: there is no word `WHISPER`; known are ECHO",
  ]);
});

test("a catalogue with more is another, and a name cannot be taken twice", () => {
  const more = joined(words, [{ ...echo, name: "SING", aliases: [] }]);
  expect(findNamed(more, "sing")?.name).toBe("SING");
  expect(findNamed(words, "sing")).toBeUndefined();
  expect(() => joined(words, [{ ...echo, name: "REPEAT" }])).toThrow("there is a word `REPEAT` already");
});
