import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { report, runFiles } from "./conformance.ts";

const cases = new URL("../../shared/conformance/stellar/expressions.jsonl", import.meta.url).pathname;

test.skipIf(!existsSync(cases))(
  "Stellar answers as the original did, or deviates for a listed reason",
  async () => {
    const summary = await runFiles([cases]);
    expect(summary.failed, report(summary)).toEqual([]);
    const deviated = [...summary.deviated.values()].reduce((sum, { count }) => sum + count, 0);
    expect(deviated / summary.cases).toBeLessThan(0.04);
  },
);
