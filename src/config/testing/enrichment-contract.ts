import assert from "node:assert/strict";
import fc from "fast-check";
import { openAt } from "../../core/component.ts";
import type { FieldValue, Message } from "../../core/message.ts";
import type { EnrichmentDefinition, EnrichmentStageContext } from "../../enrichments/enrichment.ts";
import { Schema } from "../../schema/schema.ts";
import { type Clause, statedContract } from "./clause.ts";
import { anyValue, batchOf, liveMessages } from "./messages.ts";

/** An enrichment as a document writes it, and messages of which it knows something. */
export type EnrichmentSample = {
  readonly written: unknown;
  readonly known: readonly Message[];
  /** What it reaches while it looks at these. */
  readonly knowing: EnrichmentStageContext;
};

/**
 * What every enrichment promises.
 * @param context what it reaches, with nothing to be known
 * @param field the field it is asked to look at
 */
export function enrichmentContract(
  definition: EnrichmentDefinition,
  { written, known, knowing }: EnrichmentSample,
  context: EnrichmentStageContext,
  field = "a",
): Clause[] {
  return [
    ...statedContract(definition),
    {
      name: "declares what it adds",
      holds: () => {
        // What expressions add is called as the document says.
        if (definition.name === "stellar") return;
        const batch = batchOf(known);
        const task = openAt(definition, written, knowing, []);
        task.evaluate?.(batch);
        task.apply(batch);
        const added = liveMessages(batch).flatMap((message, row) =>
          Object.keys(message).filter((name) => !Object.hasOwn(known[row] ?? {}, name)),
        );
        // Where nothing is declared, nothing may be added.
        if (definition.fields.length > 0) assert.notDeepEqual(added, [], "it knows nothing of its samples");
        const keys = new Schema(definition.fields);
        const key = (name: string) => name.slice(name.indexOf(`.${field}.`) + field.length + 2);
        const undeclared = added.map(key).filter((each) => keys.find(each) === undefined);
        assert.deepEqual(undeclared, [], `name in \`fields\` of the enrichment: ${undeclared.join(", ")}`);
      },
    },
    {
      name: "leaves messages as they are or adds to them, whatever a field holds",
      holds: () => {
        const task = openAt(definition, written, context, []);
        fc.assert(
          fc.property(fc.array(anyValue, { minLength: 1, maxLength: 20 }), (values: FieldValue[]) => {
            const batch = batchOf(values.map((value) => ({ [field]: value })));
            const before = liveMessages(batch).map((message) => message[field]);
            task.evaluate?.(batch);
            task.apply(batch);
            assert.deepEqual(
              liveMessages(batch).map((message) => message[field]),
              before,
            );
            assert.deepEqual(batch.rejected, []);
          }),
        );
      },
    },
  ];
}
