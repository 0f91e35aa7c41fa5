import { describe, expect, test } from "vitest";
import { z } from "zod";
import { joined } from "../core/component.ts";
import { defineTransform } from "../transforms/transform.ts";
import { builtIn } from "./components.ts";
import { failedExamples } from "./examples.ts";
import { transformContract } from "./testing/transform-contract.ts";

test("the examples of all components come true", () => {
  expect(failedExamples(builtIn)).toEqual([]);
});

const STEPS = (["transforms", "filters", "validations"] as const).flatMap((kind) =>
  builtIn[kind].list.map((definition) => ({ kind, definition, name: definition.name })),
);

describe.each(STEPS)("$kind $name", ({ kind, definition }) => {
  for (const { name, holds } of transformContract(builtIn, kind, definition)) test(name, holds);
});

test("an example that does not come true says what came of it", () => {
  const nothing = defineTransform({
    name: "NOTHING",
    summary: "Does nothing.",
    config: z.strictObject({}),
    examples: [
      { options: {}, given: { a: 1 }, gives: { a: 2 } },
      { options: {}, given: { a: 1 }, gives: { a: 1 } },
      { options: {}, given: { a: 1 }, rejects: "no" },
    ],
    open: () => () => {},
  });
  const components = { ...builtIn, transforms: joined(builtIn.transforms, [nothing]) };
  const which = (n: number) => `example ${n} of the field transformation \`NOTHING\` comes to `;
  const found = '{"messages":[{"a":1}],"rejected":[]}';
  expect(failedExamples(components, (definition) => definition === nothing)).toEqual([
    `${which(1)}${found}, not to {"messages":[{"a":2}],"rejected":[]}`,
    `${which(3)}${found}, not to {"messages":[],"rejected":["no"]}`,
  ]);
});
