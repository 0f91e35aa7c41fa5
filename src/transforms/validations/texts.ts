import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { PatternError } from "../../java/pattern-error.ts";
import { compileRegex, type Regex } from "../../java/regex.ts";
import { isValidDomain } from "../../stellar/functions/net/domain.ts";
import { isEmail, isInteger, isUrl } from "../../stellar/functions/net/validation.ts";
import { defineValidation, everyText, noOptions } from "./validation.ts";

export const domain = defineValidation({
  name: "DOMAIN",
  summary: "Checks that fields hold domain names below a top-level domain that exists.",
  config: noOptions,
  open: () => everyText(isValidDomain),
});

export const email = defineValidation({
  name: "EMAIL",
  summary: "Checks that fields hold e-mail addresses.",
  config: noOptions,
  open: () => everyText(isEmail),
});

export const url = defineValidation({
  name: "URL",
  summary: "Checks that fields hold http, https or ftp URLs of public hosts.",
  config: noOptions,
  open: () => everyText(isUrl),
});

export const integer = defineValidation({
  name: "INTEGER",
  summary: "Checks that fields hold whole numbers, or text that reads as one.",
  config: noOptions,
  open: () => everyText(isInteger),
});

export const regexMatch = defineValidation({
  name: "REGEX_MATCH",
  summary: "Checks that the whole text of fields matches a pattern.",
  config: z.strictObject({ pattern: z.string().describe("Regular expression.") }),
  open: ({ pattern }) => {
    const regex = compilePattern(pattern);
    return everyText((text) => regex.matches(text));
  },
});

function compilePattern(pattern: string): Regex {
  try {
    return compileRegex(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new Fault("CONFIG_INVALID", `REGEX_MATCH: pattern \`${pattern}\`: ${error.message}`, {
      cause: error,
    });
  }
}
