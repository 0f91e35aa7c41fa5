import { defineFunction, type Namespace, type ParamType, type ReturnType } from "../language/function.ts";
import { toFloat } from "../values/conversion.ts";

/** What all conversions to numbers take: anything, with null where it does not convert. */
function anything<const Type extends ParamType>(type: Type) {
  return [
    {
      name: "input",
      type,
      about: "A number, a boolean, a text that reads as a number, or a list whose first element is one.",
    },
  ] as const;
}

const returns = <const Type extends ReturnType>(type: Type) => type;

const toIntegerFunction = defineFunction({
  name: "TO_INTEGER",
  summary: "Converts a value to a 32-bit integer, cutting fractions off; null when that is impossible.",
  params: anything("integer"),
  returns: returns("integer"),
  examples: [
    ["TO_INTEGER('5')", 5],
    ["TO_INTEGER(5.7)", 5],
    ["TO_INTEGER('5.7')", null],
    ["TO_INTEGER('\\t5 ')", 5],
    ["TO_INTEGER(true)", 1],
    ["TO_INTEGER(3000000000L)", null],
  ],
  call: (input) => input,
});

const toLongFunction = defineFunction({
  name: "TO_LONG",
  summary: "Converts a value to a 64-bit integer, cutting fractions off; null when that is impossible.",
  params: anything("long"),
  returns: returns("long"),
  examples: [
    ["TO_LONG('3000000000')", 3000000000],
    ["TO_LONG(1.9)", 1],
    ["TO_LONG('not a number')", null],
  ],
  call: (input) => input,
});

const toFloatFunction = defineFunction({
  name: "TO_FLOAT",
  summary: "Converts a value to a 32-bit floating-point number; null when that is impossible.",
  params: anything("any"),
  returns: returns("float"),
  examples: [
    ["TO_FLOAT('1.5')", 1.5],
    ["TO_FLOAT(1e300)", null],
  ],
  call: (input) => toFloat(input),
});

const toDoubleFunction = defineFunction({
  name: "TO_DOUBLE",
  summary: "Converts a value to a 64-bit floating-point number; null when that is impossible.",
  params: anything("double"),
  returns: returns("double"),
  examples: [
    ["TO_DOUBLE('5.1')", 5.1],
    ["TO_DOUBLE('1e3')", 1000],
    ["TO_DOUBLE('abc')", null],
  ],
  call: (input) => input,
});

const toStringFunction = defineFunction({
  name: "TO_STRING",
  summary: "Gives the text of any value.",
  params: [{ name: "input", type: "text", about: "The value; null stays null." }],
  returns: "string",
  examples: [
    ["TO_STRING(5)", "5"],
    ["TO_STRING(1e-5)", "1.0E-5"],
    ["TO_STRING([1, 'a', null])", "[1, a, null]"],
    ["TO_STRING({'a' : 1})", "{a=1}"],
    ["TO_STRING(null)", null],
  ],
  call: (input) => input,
});

export const conversion: Namespace = {
  name: "conversion",
  summary: "From one type to another.",
  functions: [toDoubleFunction, toFloatFunction, toIntegerFunction, toLongFunction, toStringFunction],
};
