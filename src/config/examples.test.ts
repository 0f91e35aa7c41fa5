import { expect, test } from "vitest";
import { z } from "zod";
import { joined } from "../core/component.ts";
import { defineTransform } from "../transforms/transform.ts";
import { builtIn } from "./components.ts";
import { failedExamples } from "./examples.ts";

test("the examples of all components come true", () => {
  expect(failedExamples(builtIn)).toEqual([]);
});

test.each([...builtIn.transforms.list, ...builtIn.filters.list, ...builtIn.validations.list])(
  "$name shows what it does",
  ({ examples = [] }) => {
    expect(examples.length).toBeGreaterThan(0);
  },
);

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
