import { z } from "zod";
import { PatternError } from "../java/pattern-error.ts";
import { compileRegex, type Regex } from "../java/regex.ts";
import { cellText, presentColumn } from "../stellar/run/cells.ts";
import { defineTransform, fieldsOption } from "./transform.ts";

export const regexSelect = defineTransform({
  name: "REGEX_SELECT",
  summary: "Names a message by the first pattern that occurs in a field.",
  config: z.strictObject({
    input: fieldsOption.describe("Field to search; of several the first. Nothing is done when left out."),
    output: fieldsOption.describe("Field that gets the name; `input` when left out."),
    config: z
      .record(z.string(), z.union([z.string(), z.array(z.string())]))
      .default({})
      .describe("Name and regular expression, or several; the first in order that is found anywhere wins."),
  }),
  examples: [
    {
      options: { input: "path", output: "kind", config: { page: "\\.html$", image: ["\\.png$", "\\.gif$"] } },
      given: { path: "/logo.png" },
      gives: { path: "/logo.png", kind: "image" },
    },
  ],
  open: ({ input = [], output = input, config }, { log }) => {
    const [source] = input;
    const [target] = output;
    const choices = Object.entries(config).map(([name, patterns]) => ({
      name,
      patterns: [patterns].flat().flatMap((pattern) => {
        const compiled = compilePattern(pattern);
        if (compiled === undefined) log.warn("REGEX_SELECT skips what is no pattern.", { name, pattern });
        return compiled === undefined ? [] : [compiled];
      }),
    }));
    return (batch) => {
      const from = source === undefined ? undefined : presentColumn(batch, source);
      if (from === undefined || target === undefined) return;
      const to = batch.column(target);
      for (let row = 0; row < batch.rows; row++) {
        const text = batch.live[row] === 1 ? cellText(from, row) : null;
        if (text === null) continue;
        const choice = choices.find(({ patterns }) => patterns.some((pattern) => pattern.test(text)));
        if (choice !== undefined) to.setString(row, choice.name);
      }
    };
  },
});

function compilePattern(pattern: string): Regex | undefined {
  try {
    return compileRegex(pattern);
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}
