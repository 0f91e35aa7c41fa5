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
  examples: [{ options: { input: "host" }, given: { host: "example.com" }, gives: { host: "example.com" } }],
  open: () => everyText(isValidDomain),
});

export const email = defineValidation({
  name: "EMAIL",
  summary: "Checks that fields hold e-mail addresses.",
  config: noOptions,
  examples: [{ options: { input: "to" }, given: { to: "ada" }, rejects: "failed the validation EMAIL (to)" }],
  open: () => everyText(isEmail),
});

export const url = defineValidation({
  name: "URL",
  summary: "Checks that fields hold http, https or ftp URLs of public hosts.",
  config: noOptions,
  examples: [
    { options: { input: "url" }, given: { url: "example" }, rejects: "failed the validation URL (url)" },
  ],
  open: () => everyText(isUrl),
});

export const integer = defineValidation({
  name: "INTEGER",
  summary: "Checks that fields hold whole numbers, or text that reads as one.",
  config: noOptions,
  examples: [{ options: { input: ["n", "m"] }, given: { n: "5", m: 7 }, gives: { n: "5", m: 7 } }],
  open: () => everyText(isInteger),
});

export const regexMatch = defineValidation({
  name: "REGEX_MATCH",
  summary: "Checks that the whole text of fields matches a pattern.",
  config: z.strictObject({ pattern: z.string().describe("Regular expression.") }),
  examples: [
    {
      options: { input: "id", config: { pattern: "[A-Z]{3}" } },
      given: { id: "ABCD" },
      rejects: "failed the validation REGEX_MATCH (id)",
    },
  ],
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
