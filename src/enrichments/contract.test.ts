import { beforeAll, describe, expect, test } from "vitest";
import { enrichmentContract } from "../config/testing/enrichment-contract.ts";
import { checkOptions } from "../core/component.ts";
import { ENRICHMENTS } from "../schema/fields/enrichments.ts";
import { Schema } from "../schema/schema.ts";
import type { TableReader } from "../storage/table/contract.ts";
import { attachDatabases, loadDatabases, noDatabases } from "./addresses/databases.ts";
import { enrichments } from "./index.ts";
import { enrichmentContext } from "./testing/context.ts";
import { threatIntel } from "./threat-intel/threat-intel.ts";

/** What a document writes for each enrichment; the list of its fields when not said. */
const WRITTEN: Readonly<Record<string, unknown>> = {
  table: { t: ["a", "absent"] },
  hbaseThreatIntel: { t: ["a", "absent"] },
  stellar: { seen: "TO_STRING(a)" },
};

const emptyTable = {
  lookup: () => ({ mightHave: () => true, mightHaveHashed: () => true, get: () => undefined }),
  version: () => 0,
} as unknown as TableReader;

/** A table that knows everything of every value. */
const fullTable = {
  lookup: () => ({ mightHave: () => true, mightHaveHashed: () => true, get: () => ({ source: "feed" }) }),
  version: () => 0,
} as unknown as TableReader;

const databases = noDatabases();
beforeAll(() => loadDatabases({}, (handles) => attachDatabases(databases, handles)), 60_000);

const context = enrichmentContext({
  table: () => emptyTable,
  knownHosts: [{ ip: "10.0.0.1", local: true }],
});

test("they are sorted and named once", () => {
  const names = enrichments.list.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)].sort());
});

test("what enrichments declare is declared of messages too", () => {
  const known = new Schema(ENRICHMENTS);
  const missing = enrichments.list.flatMap(({ name, aliases = [], fields }) =>
    fields
      .map((key) => key.name.replace("*", "some"))
      .filter((key) => ![name, ...aliases].some((each) => known.find(`enrichments.${each}.f.${key}`))),
  );
  expect(missing).toEqual([]);
});

describe.each([...enrichments.list, threatIntel])("$name", (definition) => {
  const written = WRITTEN[definition.name] ?? ["a", "absent"];
  const knowing = { ...context, databases, table: () => fullTable };
  const sample = { written, knowing, known: [{ a: "8.8.8.8" }, { a: "10.0.0.1" }] };
  for (const { name, holds } of enrichmentContract(definition, sample, context)) test(name, holds);

  test("takes no option that is made up", () => {
    expect(() => checkOptions(definition, { fields: ["a"], nonsense: 1 })).toThrow();
  });
});
