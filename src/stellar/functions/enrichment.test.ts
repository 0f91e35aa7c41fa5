import { expect, test } from "vitest";
import { StellarError } from "../language/error.ts";
import { compile } from "../run/compile.ts";
import { layered, makeEnvironment } from "../run/environment.ts";
import type { Services } from "../run/services.ts";
import { StellarMap, toMessage } from "../values/value.ts";

const services: Services = {
  now: () => 0,
  timeZone: "UTC",
  geo: (ip) => (ip === "8.8.8.8" ? { country: "US", city: "", latitude: "37.751" } : undefined),
  asn: (ip) =>
    ip === "8.8.8.8"
      ? { network: ip, autonomous_system_number: 15169, autonomous_system_organization: "Google LLC" }
      : undefined,
  tables: ({ type, indicator, table, columnFamily }) =>
    `${type}/${indicator}/${table}/${columnFamily}` === "whois/cnn.com/enrichment/cf"
      ? { owner: "Turner" }
      : undefined,
  objects: (path) => {
    if (path === "/map") return new StellarMap([["a", 1]]);
    if (path === "/list") return [1, 2];
    throw new StellarError(`there is no object ${path}`);
  },
};

function evaluate(expression: string, given: Services = services): unknown {
  return toMessage(compile(expression, makeEnvironment({ services: given })).evaluate(layered({})) as never);
}

test.each([
  ["GEO_GET('8.8.8.8')", { country: "US", city: "", latitude: "37.751" }],
  ["GEO_GET('10.0.0.1')", {}],
  ["GEO_GET('')", null],
  ["GEO_GET(null)", null],
  ["GEO_GET('8.8.8.8', ['country'])", "US"],
  ["GEO_GET('8.8.8.8', ['nothing'])", null],
  [
    "GEO_GET('8.8.8.8', ['country', 'latitude', 'nothing'])",
    { country: "US", latitude: "37.751", nothing: null },
  ],
  ["GEO_GET('10.0.0.1', ['country'])", null],
  ["GEO_GET('8.8.8.8', [])", {}],
  ["GEO_GET('8.8.8.8', 'country')", null],
  ["ASN_GET('8.8.8.8', ['autonomous_system_number'])", 15169],
  ["ASN_GET('10.0.0.1')", {}],
  ["ENRICHMENT_EXISTS('whois', 'cnn.com', 'enrichment', 'cf')", true],
  ["ENRICHMENT_EXISTS('whois', 'bbc.com', 'enrichment', 'cf')", false],
  ["ENRICHMENT_EXISTS(null, 'cnn.com', 'enrichment', 'cf')", false],
  ["ENRICHMENT_GET('whois', 'cnn.com', 'enrichment', 'cf')", { owner: "Turner" }],
  ["ENRICHMENT_GET('whois', null, 'enrichment', 'cf')", {}],
  ["OBJECT_GET('/list')", [1, 2]],
  ["OBJECT_GET(null)", null],
  ["OBJECT_GET()", null],
  ["ENRICHMENT_OBJECT_GET('/map', 'a')", 1],
  ["ENRICHMENT_OBJECT_GET('/map', 'b')", null],
  ["ENRICHMENT_OBJECT_GET(null, 'a')", null],
])("%s", (expression, expected) => {
  expect(evaluate(expression)).toEqual(expected);
});

test.each([
  ["GEO_GET('8.8.8.8', [], 1)", "GEO_GET takes 1 to 2 arguments, not 3"],
  ["ENRICHMENT_EXISTS('whois', 'cnn.com', 'enrichment')", "ENRICHMENT_EXISTS takes 4 arguments, not 3"],
  ["OBJECT_GET('/none')", "there is no object /none"],
  ["OBJECT_GET(1)", "`path` must be a string"],
  ["ENRICHMENT_OBJECT_GET('/list', 'a')", "/list is a list, not a map"],
])("%s raises", (expression, message) => {
  expect(() => evaluate(expression)).toThrow(message);
});

test("without the service the function says what it needs", () => {
  const bare: Services = { now: () => 0, timeZone: "UTC" };
  expect(() => evaluate("GEO_GET('8.8.8.8')", bare)).toThrow("GEO_GET needs geo");
  expect(() => evaluate("ENRICHMENT_GET('a', 'b', 'c', 'd')", bare)).toThrow("ENRICHMENT_GET needs tables");
});
