import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { Batch, blockOf } from "../core/batch.ts";
import { makeContext } from "../core/context.ts";
import type { FieldValue, Message } from "../core/message.ts";
import type { TableReader } from "../storage/table/contract.ts";
import { noDatabases } from "./addresses/databases.ts";
import type { Enrich, EnrichmentContext, EnrichmentDefinition } from "./enrichment.ts";
import { enrichments } from "./index.ts";
import { openEnrichment } from "./lookup.ts";

/** A configuration each enrichment opens with. */
const CONFIGS: Readonly<Record<string, unknown>> = {
  hbaseEnrichment: { types: { a: ["t"] } },
  hbaseThreatIntel: { types: { a: ["t"] } },
  host: { knownHosts: [{ ip: "10.0.0.1", local: true }] },
};

const emptyTable = {
  lookup: () => ({ mightHave: () => true, mightHaveHashed: () => true, get: () => undefined }),
  version: () => 0,
} as unknown as TableReader;

const context: EnrichmentContext = { ...makeContext(), databases: noDatabases(), table: () => emptyTable };

test("they are sorted and named once", () => {
  const names = enrichments.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)].sort());
});

function batchOf(messages: readonly Message[]): Batch {
  const batch = new Batch();
  const block = blockOf(
    messages.map(() => "x"),
    0,
  );
  batch.load(block, { topic: "t", partition: 0, offset: 0 });
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
  return batch;
}

for (const definition of enrichments as unknown as readonly EnrichmentDefinition[]) {
  const open = (): Enrich =>
    openEnrichment(definition, definition.config.parse(CONFIGS[definition.name] ?? {}), context);

  test(`${definition.name}: one sentence says what it does`, () => {
    expect(definition.summary).toMatch(/^[A-Z][^\n]*\.$/);
  });

  test(`${definition.name}: every option is described and none is made up`, () => {
    const schema = z.toJSONSchema(definition.config, { io: "input" });
    for (const [name, option] of Object.entries(schema.properties ?? {})) {
      expect((option as { description?: string }).description, name).toMatch(/\w/);
    }
    expect(
      definition.config.safeParse({ ...(CONFIGS[definition.name] as object), nonsense: 1 }).success,
    ).toBe(false);
  });

  test(`${definition.name}: whatever a field holds, messages stay as they are or gain fields`, () => {
    const value: fc.Arbitrary<FieldValue> = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string()),
      fc.ipV4(),
      fc.ipV6(),
    );
    const enrichment = open();
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
        const messages = values.map((a) => ({ a }));
        const batch = batchOf(messages);
        const before = messages.map((_, row) => batch.message(row).a);
        enrichment.enrich(batch, ["a", "absent"], "enrichments.x");
        expect(messages.map((_, row) => batch.message(row).a)).toEqual(before);
        expect(batch.rejected).toEqual([]);
        expect(batch.liveCount()).toBe(values.length);
      }),
    );
  });
}
