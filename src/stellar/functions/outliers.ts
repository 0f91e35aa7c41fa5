import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { MadState } from "../sketches/mad.ts";
import { isNumeric, numericValue, toText, type Value } from "../values/value.ts";

const STATE = { name: "state", type: MadState, about: "The state." } as const;

const madStateMerge = defineFunction({
  name: "OUTLIER_MAD_STATE_MERGE",
  summary: "Starts a period of outlier detection that knows what earlier periods saw.",
  params: [
    { name: "states", type: "list", about: "The states of earlier periods; null for none." },
    { name: "current", type: MadState, about: "The state of the period that just ended.", optional: true },
  ],
  returns: "object",
  examples: [
    ["OUTLIER_MAD_SCORE(OUTLIER_MAD_STATE_MERGE(null), 5)", "NaN"],
    [
      "OUTLIER_MAD_SCORE(OUTLIER_MAD_STATE_MERGE([OUTLIER_MAD_ADD(OUTLIER_MAD_STATE_MERGE(null), [1, 2, 3, 4, 5])]), 10, 1)",
      4,
    ],
    ["OUTLIER_MAD_STATE_MERGE([1])", raises("not an outlier state")],
  ],
  pure: false,
  call: (states, current) => MadState.follow([...(current ? [current] : []), ...(states ?? []).map(stateOf)]),
});

function stateOf(value: Value): MadState {
  if (value instanceof MadState) return value;
  throw new StellarError(`OUTLIER_MAD_STATE_MERGE: ${toText(value).slice(0, 100)} is not an outlier state`);
}

const madAdd = defineFunction({
  name: "OUTLIER_MAD_ADD",
  summary: "Adds a number or the numbers of a list to a state, which is changed in place.",
  params: [STATE, { name: "value", type: "any", about: "A number, or a list of numbers; NaN is ignored." }],
  returns: "object",
  result: "The same state.",
  examples: [
    ["OUTLIER_MAD_SCORE(OUTLIER_MAD_ADD(OUTLIER_MAD_STATE_MERGE(null), [1, 2, 3, 4, 5]), 10, 1)", 4],
    ["OUTLIER_MAD_ADD(null, 5)", null],
    ["OUTLIER_MAD_ADD(OUTLIER_MAD_STATE_MERGE(null), 'a')", raises("must be a number")],
  ],
  pure: false,
  call: (state, value) => {
    const numbers = (Array.isArray(value) ? value : value === null ? [] : [value]).map(numberOf);
    if (state !== null) for (const number of numbers) state.add(number);
    return state;
  },
});

function numberOf(value: Value): number {
  if (isNumeric(value)) return numericValue(value);
  throw new StellarError(`OUTLIER_MAD_ADD: \`value\` must be a number, not ${toText(value).slice(0, 100)}`);
}

const madScore = defineFunction({
  name: "OUTLIER_MAD_SCORE",
  summary:
    "Gives the modified z-score of a number: its distance from the median, in median absolute deviations.",
  params: [
    STATE,
    { name: "value", type: "number", about: "The number to score." },
    {
      name: "scale",
      type: "number",
      about: "A factor; 0.6745 unless given, which makes the score comparable to standard deviations.",
      optional: true,
    },
  ],
  returns: "double",
  result: "NaN without a state, a value or a median.",
  examples: [
    ["OUTLIER_MAD_SCORE(OUTLIER_MAD_ADD(OUTLIER_MAD_STATE_MERGE(null), [1, 2, 3, 4, 5]), 10, 1.0)", 4],
    ["OUTLIER_MAD_SCORE(null, 10)", "NaN"],
  ],
  pure: false,
  call: (state, value, scale) =>
    state === null || value === null ? Number.NaN : state.score(value, scale ?? 0.6745),
});

export const outliers: Namespace = {
  name: "outliers",
  summary: "Detection of outliers by median absolute deviation.",
  functions: [madAdd, madScore, madStateMerge],
};
