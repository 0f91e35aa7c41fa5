/**
 * What the tests of extension packages import as `metron/testing`: the contracts that Metron's own components obey. They
 * are built apart from the program, which ships no test tools.
 */
import { describe, test } from "node:test";
import type { Extension } from "./config/components.ts";
import { extensionContract } from "./config/testing/extension-contract.ts";

export type { Clause } from "./config/testing/clause.ts";
export { type Contract, extensionContract } from "./config/testing/extension-contract.ts";

/**
 * Holds an extension to its contract as tests of `node --test`. Other test runners run the clauses of `extensionContract`.
 * @throws Fault CONFIG_INVALID for what the platform would not take
 */
export function testExtension(extension: Extension): void {
  for (const { title, clauses } of extensionContract(extension))
    describe(title, () => {
      for (const { name, holds } of clauses) test(name, holds);
    });
}
