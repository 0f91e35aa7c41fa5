import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Case } from "../testing/cases.ts";
import { runStellarCase } from "../testing/conformance.ts";

const file = new URL("../../../vectors/stellar/language.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] };

test.each(cases.map((example) => [example.expr, example] as const))(
  "%j means what the vectors say",
  (_text, example) => {
    expect(runStellarCase(example)).toEqual({ verdict: "passed" });
  },
);
