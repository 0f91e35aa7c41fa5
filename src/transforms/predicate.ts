import type { Batch } from "../core/batch.ts";
import { withVisible } from "../stellar/run/assignments.ts";
import { type Bound, bind } from "../stellar/run/bind.ts";
import type { Program } from "../stellar/run/compile.ts";

/** What a predicate says of each live row, as `Bound.select` writes it, and why rows failed. */
export type Answers = { readonly answers: Uint8Array; readonly failures: Bound["failures"] };

/** Runs a predicate over batches, bound again only for another one. @param visible the fields it sees; all when the list is empty. */
export function predicateOf(program: Program, visible: readonly string[] = []): (batch: Batch) => Answers {
  let bound: Bound | undefined;
  let boundTo: Batch | undefined;
  let answers = new Uint8Array(0);
  return (batch) => {
    if (bound === undefined || boundTo !== batch) {
      bound = bind(program, batch, []);
      boundTo = batch;
    }
    const condition = bound;
    if (answers.length < batch.rows) answers = new Uint8Array(batch.capacity);
    if (visible.length === 0) condition.select(answers);
    else withVisible(batch, [program], visible, () => condition.select(answers));
    return { answers, failures: condition.failures };
  };
}
