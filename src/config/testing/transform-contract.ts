import assert from "node:assert/strict";
import fc from "fast-check";
import type { Definition, Example } from "../../core/component.ts";
import type { Components } from "../components.ts";
import { openAsStage } from "../examples.ts";
import { type Clause, statedContract } from "./clause.ts";
import { anyValue, batchOf } from "./messages.ts";

/** What field transformations, filters and validations promise. */
export function transformContract(
  components: Components,
  kind: "transforms" | "filters" | "validations",
  definition: Definition,
): Clause[] {
  const { name, examples = [] } = definition;
  return [
    ...statedContract(definition),
    {
      name: "shows what it does",
      holds: () => assert.ok(examples.length > 0, "it needs an example at least"),
    },
    ...examples.map(({ options, given }, index) => ({
      name: `keeps, rejects or drops every message, whatever is in the fields of example ${index + 1}`,
      holds: () => {
        const run = openAsStage(components, kind, name, options);
        const fields = fieldsOf(given);
        const message = fc.dictionary(fc.constantFrom(...fields), anyValue);
        fc.assert(
          fc.property(fc.array(message, { maxLength: 10 }), (messages) => {
            const batch = batchOf(messages);
            run(batch);
            assert.equal(batch.rows, messages.length);
            const rejected = new Set(batch.rejected.map(({ record }) => record));
            assert.equal(batch.liveCount() + rejected.size + batch.dropped, messages.length);
          }),
        );
      },
    })),
  ];
}

/** The fields of an example, and one that nobody has heard of. */
function fieldsOf(given: Example["given"]): string[] {
  return [...(typeof given === "string" ? [] : Object.keys(given)), "unheard"];
}
