import { defineFunction, type Namespace, raises, type StellarFunction } from "../language/function.ts";

/** All of these take one number of any type and always return a double; nothing and null become NaN. */
function defineMath(
  name: string,
  summary: string,
  calculate: (x: number) => number,
  ...examples: StellarFunction["examples"]
): StellarFunction {
  return defineFunction({
    name,
    summary,
    params: [{ name: "number", type: "number", about: "The number to work on.", optional: true }],
    returns: "double",
    examples,
    call: (x) => (x === undefined || x === null ? Number.NaN : calculate(x)),
  });
}

const isNan = defineFunction({
  name: "IS_NAN",
  summary: "Tells whether a number is NaN (not a number).",
  params: [{ name: "number", type: "number", about: "The number to look at." }],
  returns: "boolean",
  examples: [
    ["IS_NAN(NaN)", true],
    ["IS_NAN(5)", false],
    ["IS_NAN('a')", raises("number")],
  ],
  exact: true,
  call: (x) => Number.isNaN(x),
});

export const math: Namespace = {
  name: "math",
  summary: "Arithmetic beyond the operators.",
  functions: [
    defineMath("ABS", "Gives the absolute value of a number.", Math.abs, ["ABS(-5)", 5]),
    defineMath("CEILING", "Rounds a number up to a whole one.", Math.ceil, ["CEILING(1.2)", 2]),
    defineMath("COS", "Gives the cosine of an angle in radians.", Math.cos, ["COS(0)", 1]),
    defineMath("EXP", "Raises e to the power of a number.", Math.exp, ["EXP(0)", 1]),
    defineMath("FLOOR", "Rounds a number down to a whole one.", Math.floor, ["FLOOR(1.8)", 1]),
    isNan,
    defineMath("LN", "Gives the natural logarithm of a number.", Math.log, ["LN(1)", 0]),
    defineMath("LOG10", "Gives the logarithm of a number to base 10.", Math.log10, ["LOG10(1000)", 3]),
    defineMath("LOG2", "Gives the logarithm of a number to base 2.", (x) => Math.log(x) / Math.log(2), [
      "LOG2(8)",
      3,
    ]),
    defineMath("ROUND", "Rounds a number to the nearest whole one, halves up.", (x) => Math.floor(x + 0.5), [
      "ROUND(2.5)",
      3,
    ]),
    defineMath("SIN", "Gives the sine of an angle in radians.", Math.sin, ["SIN(0)", 0]),
    defineMath("SQRT", "Gives the square root of a number.", Math.sqrt, ["SQRT(16)", 4]),
    defineMath("TAN", "Gives the tangent of an angle in radians.", Math.tan, ["TAN(0)", 0]),
  ],
};
