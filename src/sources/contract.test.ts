import { expect, test } from "vitest";
import { z } from "zod";
import { sources } from "./index.ts";

type Schema = { properties?: Record<string, Schema & { description?: string }> };

test.each(sources.list.map((source) => [source.name, source] as const))(
  "%s says what it is",
  (name, source) => {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(source.summary).toMatch(/^[A-Z][^\n]*[^.]\.$/);
  },
);

test.each(sources.list.map((source) => [source.name, source] as const))(
  "%s describes every option",
  (_name, source) => {
    const undescribed = (schema: Schema, path: string): string[] =>
      Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
        ...(value.description === undefined ? [`${path}${key}`] : []),
        ...undescribed(value, `${path}${key}.`),
      ]);
    expect(undescribed(z.toJSONSchema(source.config, { io: "input" }) as Schema, "")).toEqual([]);
  },
);

test("names are unique", () => {
  expect(new Set(sources.list.map(({ name }) => name)).size).toBe(sources.list.length);
});
