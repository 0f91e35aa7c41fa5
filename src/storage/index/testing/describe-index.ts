import { afterEach, describe } from "vitest";
import type { Index } from "../contract.ts";
import { describeHints } from "./describe-hints.ts";
import { describeLife } from "./describe-life.ts";
import { describeMessages } from "./describe-messages.ts";
import { describeSearches } from "./describe-searches.ts";
import { describeTypes } from "./describe-types.ts";
import { describeValues } from "./describe-values.ts";
import type { Difference, IndexSubject, Started } from "./test-batches.ts";

/** What every implementation of an index obeys, but for what it declares to do otherwise. */
export function describeIndex(
  name: string,
  subject: () => Promise<IndexSubject>,
  differs: ReadonlySet<Difference> = new Set(),
): void {
  describe(`index: ${name}`, () => {
    const cleanups: (() => PromiseLike<unknown>)[] = [];
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });

    async function start(): Promise<Started> {
      const made = await subject();
      cleanups.push(() => made.remove());
      const reopen = async (): Promise<Index> => {
        const index = await made.open();
        cleanups.push(() => index[Symbol.asyncDispose]());
        return index;
      };
      const index = await reopen();
      return { made, index, writer: await index.writer("one"), reopen };
    }

    describeMessages(start);
    describeSearches(start);
    describeValues(start, differs);
    describeTypes(start, differs);
    describeHints(start);
    describeLife(start, differs);
  });
}
