import { describe, expect, test } from "vitest";
import { statedContract } from "../config/testing/clause.ts";
import { sources } from "./index.ts";

describe.each(sources.list.map((source) => [source.name, source] as const))("%s", (name, source) => {
  test("has a name that documents can write", () => {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
  });
  for (const clause of statedContract(source)) test(clause.name, clause.holds);
});

test("names are unique", () => {
  expect(new Set(sources.list.map(({ name }) => name)).size).toBe(sources.list.length);
});
