import { defineFunction, type Namespace, type StellarFunction } from "../language/function.ts";
import { spendFor } from "../values/budget.ts";
import { isValidDomain } from "./net/domain.ts";
import { isEmail, isInteger, isUrl } from "./net/validation.ts";

/** All of these test any number of values by their text, and all must pass: null fails, and so does no value. */
function defineTest(
  name: string,
  summary: string,
  test: (text: string) => boolean,
  ...examples: StellarFunction["examples"]
): StellarFunction {
  return defineFunction({
    name,
    summary,
    params: [{ name: "value", type: "text", about: "A value to test; all must pass.", rest: true }],
    returns: "boolean",
    examples: [...examples, [`${name}(null)`, false], [`${name}()`, false]],
    call: (...values) => {
      for (const value of values) spendFor(value);
      return values.length > 0 && values.every((value) => value !== null && test(value));
    },
  });
}

export const validation: Namespace = {
  name: "validation",
  summary: "Tests of what a text is.",
  functions: [
    defineTest(
      "IS_DOMAIN",
      "Tells whether texts are domain names under top-level domains that exist.",
      isValidDomain,
      ["IS_DOMAIN('google.com')", true],
      ["IS_DOMAIN('foo.bogus')", false],
    ),
    defineTest(
      "IS_EMAIL",
      "Tells whether texts are e-mail addresses at domains that can exist.",
      isEmail,
      ["IS_EMAIL('me@example.com')", true],
      ["IS_EMAIL('me@foo')", false],
    ),
    defineTest(
      "IS_INTEGER",
      "Tells whether texts are whole numbers of 64 bits; thousands may be separated by commas.",
      isInteger,
      ["IS_INTEGER('1,000', 5)", true],
      ["IS_INTEGER('5.5')", false],
    ),
    defineTest(
      "IS_URL",
      "Tells whether texts are http, https or ftp URLs of hosts that can exist.",
      isUrl,
      ["IS_URL('http://example.com/foo')", true],
      ["IS_URL('http://localhost')", false],
    ),
  ],
};
