import { expect, test } from "vitest";
import { z } from "zod";
import { inWords } from "./in-words.ts";

/** What is said of a value that a schema does not accept. */
test.each<[z.ZodType, unknown, ...said: string[]]>([
  [z.string(), undefined, "is missing; expected a text"],
  [z.string(), 5, "expected a text, not `5`"],
  [z.number(), "five", "expected a number, not `five`"],
  [z.number(), Number.NaN, "expected a number, not `NaN`"],
  [z.int(), 1.5, "expected a whole number, not `1.5`"],
  [z.boolean(), "yes", "expected true or false, not `yes`"],
  [z.array(z.string()), "a", "expected a list, not `a`"],
  [z.strictObject({}), ["a"], "expected a map, not a list"],
  [z.record(z.string(), z.string()), null, "expected a map, not nothing"],
  [z.string(), { a: 1 }, "expected a text, not a map"],
  [z.number(), "x".repeat(41), "expected a number, not a text"],
  [z.enum(["MAX", "SUM"]), "SUM2", "expected `MAX` or `SUM`, not `SUM2`"],
  [z.literal("a"), undefined, "is missing; expected `a`"],
  [z.union([z.string(), z.array(z.string()), z.enum(["a"])]), 5, "expected a text, a list or `a`, not `5`"],
  [z.union([z.string(), z.strictObject({ to: z.string() })]), { to: 5 }, "to: expected a text, not `5`"],
  [z.number().positive(), 0, "expected a number more than 0"],
  [z.number().lt(3), 3, "expected a number less than 3"],
  [z.int().min(1).max(64), 0, "expected a number of at least 1"],
  [z.int().min(1).max(64), 65, "expected a number of at most 64"],
  [z.string().min(2), "a", "expected a text of at least 2 characters"],
  [z.array(z.string()).min(1), [], "expected a list of at least 1 item"],
  [z.string().regex(/^a/), "b", "expected a text that matches /^a/"],
  [z.url(), "b", "expected a text of the form `url`, not `b`"],
  [z.string().regex(/^a/, "expected an a"), "b", "expected an a"],
  [z.record(z.string().regex(/^a/), z.string()), { b: "c" }, "no such name is allowed here"],
  [z.custom<string>((value) => value === "a"), "b", "has another form than is expected here"],
])("%# is explained", (schema, value, ...said) => {
  const { error } = schema.safeParse(value, { error: inWords });
  expect(error?.issues.map(({ message }) => message)).toEqual(said);
});
