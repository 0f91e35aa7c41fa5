import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { entropy as entropyOf } from "../sketches/entropy.ts";
import { spend } from "../values/budget.ts";
import { toText } from "../values/value.ts";

const itEntropy = defineFunction({
  name: "IT_ENTROPY",
  summary: "Gives the entropy, in bits, of the items of a multiset.",
  params: [{ name: "multiset", type: "map", about: "A map from items to how often they occur." }],
  returns: "double",
  examples: [
    ["IT_ENTROPY({'a' : 10, 'b' : 5, 'c' : 5})", 1.5],
    ["IT_ENTROPY({})", 0],
    ["IT_ENTROPY(null)", null],
    ["IT_ENTROPY({'a' : 'b'})", raises("must be an int")],
  ],
  call: (multiset) => {
    if (multiset === null) return null;
    spend(multiset.size >> 2);
    const counts = Array.from(multiset.values(), (count) => {
      if (typeof count === "number") return count;
      throw new StellarError(`IT_ENTROPY: a count must be an int, not ${toText(count).slice(0, 100)}`);
    });
    return entropyOf(counts);
  },
});

export const entropy: Namespace = {
  name: "entropy",
  summary: "Information theory.",
  functions: [itEntropy],
};
