import { expect, test } from "vitest";
import { z } from "zod";
import { type EndpointShape, isStreamBody } from "./endpoint.ts";
import { endpoints } from "./index.ts";

const all: [string, EndpointShape][] = Object.entries(endpoints);

type JsonSchema = {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  description?: string;
  const?: unknown;
  $ref?: string;
};

function undescribed(schema: JsonSchema, path: string): string[] {
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const place = `${path}.${name}`;
    const silent = property.description === undefined && property.const === undefined && !property.$ref;
    return [...(silent ? [place] : []), ...undescribed(property, place)];
  });
  return [...properties, ...(schema.items === undefined ? [] : undescribed(schema.items, `${path}[]`))];
}

test.each(all)("%s says in one sentence what it does", (_name, { summary }) => {
  expect(summary).toMatch(/^[A-Z].*[^.]\.$/);
});

test.each(all)("%s describes everything that goes in and out", (name, endpoint) => {
  const parts = [endpoint.params, endpoint.query, endpoint.response];
  if (endpoint.body !== undefined && !isStreamBody(endpoint.body)) parts.push(endpoint.body);
  const schemas = parts.filter((part) => part !== undefined);
  const silent = schemas.flatMap((schema) =>
    undescribed(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema, name),
  );
  expect(silent).toEqual([]);
});

test.each(all)("%s declares the parameters its path has", (_name, { path, params }) => {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
  expect(Object.keys(params?.shape ?? {}).sort()).toEqual(inPath.sort());
});

// Clients check an answer and use it as it came.
test.each(all)("%s answers nothing that reading it would change", (_name, { response }) => {
  const schema = (io: "input" | "output") =>
    JSON.stringify(z.toJSONSchema(response, { io, unrepresentable: "any" })).replaceAll(
      ',"additionalProperties":false',
      "",
    );
  expect(schema("input")).toBe(schema("output"));
});

test("no two endpoints share method and path", () => {
  const keys = all.map(([, { method, path }]) => `${method} ${path}`);
  expect(new Set(keys).size).toBe(keys.length);
});

test("a question needs nothing but its query", () => {
  expect(endpoints.searchMessages.body.parse({ query: "a:b" })).toEqual({
    query: "a:b",
    sort: [{ field: "timestamp", order: "desc" }],
    size: 100,
    total: true,
  });
});
