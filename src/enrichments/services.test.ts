import { beforeAll, expect, test } from "vitest";
import { compile } from "../stellar/run/compile.ts";
import { layered, makeEnvironment } from "../stellar/run/environment.ts";
import { toMessage } from "../stellar/values/value.ts";
import type { TableReader } from "../storage/table/contract.ts";
import { attachDatabases, type Databases, loadDatabases, noDatabases } from "./addresses/databases.ts";
import { enrichmentServices } from "./services.ts";

const databases: Databases = noDatabases();
beforeAll(() => loadDatabases({}, (handles) => attachDatabases(databases, handles)), 60_000);

const entries = new Map([["malicious 10.0.0.1", { source: "a list" }]]);
const reader = {
  get: (type: string, key: string) => entries.get(`${type} ${key}`),
} as unknown as TableReader;

function evaluate(text: string): unknown {
  const table = (name: string) => (name === "threatintel" ? reader : undefined);
  const environment = makeEnvironment({ services: enrichmentServices(databases, table) });
  return toMessage(compile(text, environment).evaluate(layered()));
}

test.each([
  ["GEO_GET('8.8.8.8', ['country'])", "US"],
  ["GEO_GET('8.8.8.8', ['country', 'dmaCode', 'nope'])", { country: "US", dmaCode: "", nope: null }],
  ["GEO_GET('10.0.0.1')", {}],
  ["GEO_GET('nonsense')", {}],
  ["GEO_GET('10.0.0.1', ['country'])", null],
  ["GEO_GET('')", null],
  ["GEO_GET(null)", null],
  ["ASN_GET('1.0.0.1', ['autonomous_system_number'])", 13335],
  ["ASN_GET('1.0.0.1', ['network'])", "1.0.0.1"],
  ["ENRICHMENT_GET('malicious', '10.0.0.1', 'threatintel', 't')", { source: "a list" }],
  ["ENRICHMENT_GET('malicious', '10.0.0.2', 'threatintel', 't')", {}],
  ["ENRICHMENT_EXISTS('malicious', '10.0.0.1', 'threatintel', 't')", true],
  ["ENRICHMENT_EXISTS('malicious', null, 'threatintel', 't')", false],
  ["ENRICHMENT_EXISTS('malicious', '10.0.0.1', 'none', 't')", false],
])("%s is %j", (text, expected) => {
  expect(evaluate(text)).toEqual(expected);
});

test("GEO_GET gives eight texts", () => {
  expect(evaluate("GEO_GET('8.8.8.8')")).toMatchObject({
    locID: "",
    country: "US",
    city: "Mountain View",
    location_point: "37.422,-122.085",
  });
});
