import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { checkOptions, openAt } from "../core/component.ts";
import type { FieldValue, Message } from "../core/message.ts";
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

for (const definition of [...enrichments.list, threatIntel]) {
  const written = WRITTEN[definition.name] ?? ["a", "absent"];

  test(`${definition.name}: one sentence says what it does`, () => {
    expect(definition.summary).toMatch(/^[A-Z][^\n]*[^.]\.$/);
  });

  test(`${definition.name}: every option is described and none is made up`, () => {
    const schema = z.toJSONSchema(definition.config, { io: "input" });
    for (const [name, option] of Object.entries(schema.properties ?? {})) {
      expect((option as { description?: string }).description, name).toMatch(/\w/);
    }
    expect(() => checkOptions(definition, { fields: ["a"], nonsense: 1 })).toThrow();
  });

  test(`${definition.name}: what it adds is declared`, () => {
    // What expressions add is called as the document says.
    if (definition.name === "stellar") return;
    const enrichment = openAt(definition, written, { ...context, databases, table: () => fullTable }, []);
    const batch = batchOf([{ a: "8.8.8.8" }, { a: "10.0.0.1" }]);
    enrichment.apply(batch);
    const added = [0, 1].flatMap((row) => Object.keys(batch.message(row)).filter((name) => name !== "a"));
    // Where nothing is declared, nothing may be added.
    if (definition.fields.length > 0) expect(added).not.toEqual([]);
    const keys = new Schema(definition.fields);
    const cure =
      "Declare each key, without the prefix and the field, in src/schema/fields/enrichments.ts and name it in `fields`.";
    expect(
      added.filter((name) => keys.find(name.slice(name.indexOf(".a.") + ".a.".length)) === undefined),
      cure,
    ).toEqual([]);
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
    const enrichment = openAt(definition, written, context, []);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
        const messages = values.map((a) => ({ a }));
        const batch = batchOf(messages);
        const before = messages.map((_, row) => batch.message(row).a);
        enrichment.evaluate?.(batch);
        enrichment.apply(batch);
        expect(messages.map((_, row) => batch.message(row).a)).toEqual(before);
        expect(batch.rejected).toEqual([]);
        expect(batch.liveCount()).toBe(values.length);
      }),
    );
  });
}
