import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { Reservoir } from "../sketches/reservoir.ts";
import { isCollection, toInteger, toText } from "../values/value.ts";

const DEFAULT_SIZE = 1024;
const SAMPLER = { name: "sampler", type: Reservoir, about: "The sampler." } as const;

const sampleInit = defineFunction({
  name: "SAMPLE_INIT",
  summary: "Makes a sampler that keeps a uniform sample of the values it is given.",
  params: [
    { name: "size", type: "any", about: "How many values to keep; 1024 unless given.", optional: true },
  ],
  returns: "object",
  examples: [
    ["SAMPLE_GET(SAMPLE_INIT(3))", []],
    ["SAMPLE_INIT(0)", raises("positive integer")],
    ["SAMPLE_INIT('a')", raises("must be a number")],
  ],
  pure: false,
  call: (size) => {
    if (size === undefined || size === null) return new Reservoir(DEFAULT_SIZE);
    const number = toInteger(size);
    if (number === null)
      throw new StellarError(`SAMPLE_INIT: \`size\` must be a number, not ${toText(size)}`);
    return new Reservoir(number);
  },
});

const sampleAdd = defineFunction({
  name: "SAMPLE_ADD",
  summary: "Offers a value or the values of a list to a sampler, which is changed in place.",
  params: [
    { ...SAMPLER, about: "The sampler; null starts a new one.", optional: true },
    {
      name: "value",
      type: "any",
      about: "A value, or a list or set of values; null is skipped.",
      optional: true,
    },
  ],
  returns: "object",
  result: "The same sampler.",
  examples: [
    ["SAMPLE_GET(SAMPLE_ADD(SAMPLE_INIT(3), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))", [1, 10, 9]],
    ["SAMPLE_GET(SAMPLE_ADD(null, 5))", [5]],
    ["SAMPLE_ADD('x', 1)", raises("sampler")],
  ],
  pure: false,
  call: (given, value) => {
    if (given === undefined) return null;
    if (value === undefined) throw new StellarError("SAMPLE_ADD needs a sampler and a value");
    const sampler = given ?? new Reservoir(DEFAULT_SIZE);
    for (const single of isCollection(value) ? value : [value]) sampler.add(single);
    return sampler;
  },
});

const sampleGet = defineFunction({
  name: "SAMPLE_GET",
  summary: "Gives the values a sampler keeps.",
  params: [{ ...SAMPLER, optional: true }],
  returns: "list",
  examples: [
    ["SAMPLE_GET(SAMPLE_ADD(SAMPLE_INIT(3), [1, 2]))", [1, 2]],
    ["SAMPLE_GET(null)", null],
  ],
  pure: false,
  call: (sampler) => (sampler ? [...sampler.values] : null),
});

const sampleMerge = defineFunction({
  name: "SAMPLE_MERGE",
  summary: "Samples the samples of several samplers anew.",
  params: [
    { name: "samplers", type: "collection", about: "A list of samplers.", optional: true },
    {
      name: "base",
      type: Reservoir,
      about: "The sampler to add to; unless given, an empty one of the first one's size.",
      optional: true,
    },
  ],
  returns: "object",
  result: "Null when there are no samplers.",
  examples: [
    [
      "SAMPLE_GET(SAMPLE_MERGE([SAMPLE_ADD(SAMPLE_INIT(2), [1, 2]), SAMPLE_ADD(SAMPLE_INIT(2), [3, 4])]))",
      [3, 2],
    ],
    ["SAMPLE_MERGE([])", null],
    ["SAMPLE_MERGE([1])", raises("not a sampler")],
  ],
  pure: false,
  call: (samplers, base) => {
    if (samplers === undefined || samplers === null) return null;
    let merged = base ?? null;
    for (const sampler of samplers) {
      if (sampler === null) continue;
      if (!(sampler instanceof Reservoir)) {
        throw new StellarError(`SAMPLE_MERGE: ${toText(sampler).slice(0, 100)} is not a sampler`);
      }
      merged ??= sampler.emptied();
      for (const value of sampler.values) merged.add(value);
    }
    return merged;
  },
});

export const sampling: Namespace = {
  name: "sampling",
  summary: "Uniform samples of streams.",
  functions: [sampleAdd, sampleGet, sampleInit, sampleMerge],
};
