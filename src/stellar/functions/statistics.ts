import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises, type StellarFunction } from "../language/function.ts";
import { OnlineStatistics, Statistics } from "../sketches/statistics.ts";
import { WindowedStatistics } from "../sketches/windowed-statistics.ts";
import { isCollection, isNumeric, toDouble, toInteger, toText, type Value } from "../values/value.ts";
import { binOf, bound } from "./binning.ts";

const STATS = { name: "stats", type: Statistics, about: "The statistics." } as const;

const SPLITS: ReadonlyMap<string, readonly number[]> = new Map([
  ["QUARTILE", [25, 50, 75]],
  ["QUINTILE", [20, 40, 60, 80]],
  ["DECILE", [10, 20, 30, 40, 50, 60, 70, 80, 90]],
]);

const statsInit = defineFunction({
  name: "STATS_INIT",
  summary: "Makes empty statistics.",
  params: [
    {
      name: "windowSize",
      type: "any",
      about:
        "How many of the last values to keep and be exact about; without it a stream is summed up in constant space.",
      optional: true,
    },
  ],
  returns: "object",
  examples: [
    ["STATS_COUNT(STATS_INIT())", 0],
    ["STATS_MEAN(STATS_ADD(STATS_INIT(2), 10, 20, 30))", 25],
  ],
  pure: false,
  call: (size) => {
    const window = isNumeric(size) ? (toInteger(size) ?? 0) : 0;
    return window > 0 ? new WindowedStatistics(window) : new OnlineStatistics();
  },
});

const statsAdd = defineFunction({
  name: "STATS_ADD",
  summary: "Adds numbers to statistics, which are changed in place.",
  params: [
    { ...STATS, about: "The statistics; null starts new ones." },
    { name: "value", type: "any", about: "A number, a text that is one, or a list of such.", rest: true },
  ],
  returns: "object",
  result: "The same statistics.",
  examples: [
    ["STATS_SUM(STATS_ADD(STATS_INIT(), 10, '20', [30, null]))", 60],
    ["STATS_COUNT(STATS_ADD(null, 10, 20))", 2],
    ["STATS_ADD(STATS_INIT(), 'a')", raises("`a` is not a number")],
  ],
  pure: false,
  call: (given, ...values) => {
    const stats = given ?? new OnlineStatistics();
    for (const value of values) {
      if (!isCollection(value)) stats.add(numberOf(value));
      else for (const element of value) if (element !== null) stats.add(numberOf(element));
    }
    return stats;
  },
});

function numberOf(value: Value): number {
  const number = toDouble(value);
  if (number === null)
    throw new StellarError(`STATS_ADD: \`${toText(value).slice(0, 100)}\` is not a number`);
  return number;
}

const statsMerge = defineFunction({
  name: "STATS_MERGE",
  summary: "Merges statistics of several streams into new ones.",
  params: [
    {
      name: "statistics",
      type: "any",
      about: "A list of statistics without a window; other elements are skipped.",
      optional: true,
    },
  ],
  returns: "object",
  result: "Null when there are none; the one itself when there is one.",
  examples: [
    ["STATS_MEAN(STATS_MERGE([STATS_ADD(null, 10, 20), STATS_ADD(null, 30, 40)]))", 25],
    ["STATS_MERGE([])", null],
    ["STATS_MERGE([STATS_INIT(5), STATS_INIT(5)])", raises("cannot be merged")],
  ],
  pure: false,
  call: (statistics) => {
    if (!Array.isArray(statistics)) return null;
    const parts = statistics.filter((part) => part instanceof Statistics);
    return parts.length === 0 ? null : parts.reduce((merged, part) => merged.merge(part));
  },
});

/** A figure of statistics: NaN for null. */
function defineFigure(
  name: string,
  summary: string,
  figure: (stats: Statistics) => number,
  ...examples: StellarFunction["examples"]
): StellarFunction {
  return defineFunction({
    name,
    summary,
    params: [STATS],
    returns: "double",
    examples: [...examples, [`${name}(null)`, "NaN"]],
    pure: false,
    call: (stats) => (stats === null ? Number.NaN : figure(stats)),
  });
}

const SOME = "STATS_ADD(STATS_INIT(), 10, 20, 30, 45)";
const WINDOW = "STATS_ADD(STATS_INIT(10), 10, 20)";

const statsPercentile = defineFunction({
  name: "STATS_PERCENTILE",
  summary: "Gives the value below which a share of the values lie.",
  params: [STATS, { name: "p", type: "double", about: "The share in percent, 0 to 100." }],
  returns: "double",
  examples: [
    ["STATS_PERCENTILE(STATS_ADD(STATS_INIT(), 10, 20, 30, 40, 50), 50)", 30],
    ["STATS_PERCENTILE(null, 50)", "NaN"],
    ["STATS_PERCENTILE(STATS_INIT(), 101)", raises("between 0 and 100")],
  ],
  pure: false,
  call: (stats, percent) => (stats === null || percent === null ? Number.NaN : stats.percentile(percent)),
});

const statsBin = defineFunction({
  name: "STATS_BIN",
  summary: "Tells which bin a value falls in, where percentiles of the statistics divide the bins.",
  params: [
    STATS,
    { name: "value", type: "double", about: "The value to put into a bin." },
    {
      name: "bounds",
      type: "any",
      about: "A list of rising percentiles, or QUARTILE (unless given), QUINTILE or DECILE.",
      optional: true,
    },
  ],
  returns: "integer",
  result: "The index of the first bound that is not below the value, or the number of bounds.",
  examples: [
    ["STATS_BIN(STATS_ADD(STATS_INIT(), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 3, 'DECILE')", 2],
    ["STATS_BIN(STATS_ADD(STATS_INIT(), 1, 2, 3), 100)", 3],
    ["STATS_BIN(null, 3)", -1],
    ["STATS_BIN(STATS_INIT(), 3, 'BOGUS')", raises("QUARTILE, QUINTILE or DECILE")],
  ],
  pure: false,
  call: (stats, value, bounds) => {
    const percentiles = splitOf(bounds);
    if (stats === null || value === null || percentiles.length === 0) return -1;
    return binOf(value, percentiles.length, (index) => stats.percentile(bound(percentiles[index])));
  },
});

function splitOf(bounds: Value | undefined): readonly Value[] {
  if (Array.isArray(bounds)) return bounds;
  const split = bounds === undefined ? "QUARTILE" : bounds;
  const percentiles = typeof split === "string" ? SPLITS.get(split) : undefined;
  if (percentiles !== undefined) return [...percentiles];
  throw new StellarError(
    `STATS_BIN: \`bounds\` must be a list, QUARTILE, QUINTILE or DECILE, not ${toText(split)}`,
  );
}

export const statistics: Namespace = {
  name: "statistics",
  summary: "Summary statistics of streams of numbers.",
  functions: [
    statsAdd,
    statsBin,
    defineFigure("STATS_COUNT", "Gives the number of values.", (stats) => stats.count, [
      `STATS_COUNT(${SOME})`,
      4,
    ]),
    defineFigure(
      "STATS_GEOMETRIC_MEAN",
      "Gives the geometric mean; needs statistics over a window.",
      (stats) => stats.geometricMean,
      ["ROUND(STATS_GEOMETRIC_MEAN(STATS_ADD(STATS_INIT(10), 1, 100)))", 10],
    ),
    statsInit,
    defineFigure(
      "STATS_KURTOSIS",
      "Gives the excess kurtosis, unbiased; NaN below four values.",
      (stats) => stats.kurtosis,
      [`ROUND(STATS_KURTOSIS(${SOME}) * 1000)`, -416],
    ),
    defineFigure("STATS_MAX", "Gives the greatest value.", (stats) => stats.max, [`STATS_MAX(${SOME})`, 45]),
    defineFigure("STATS_MEAN", "Gives the arithmetic mean.", (stats) => stats.mean, [
      `STATS_MEAN(${SOME})`,
      26.25,
    ]),
    statsMerge,
    defineFigure("STATS_MIN", "Gives the least value.", (stats) => stats.min, [`STATS_MIN(${SOME})`, 10]),
    statsPercentile,
    defineFigure(
      "STATS_POPULATION_VARIANCE",
      "Gives the variance of the values taken as the whole population; needs statistics over a window.",
      (stats) => stats.populationVariance,
      [`STATS_POPULATION_VARIANCE(${WINDOW})`, 25],
    ),
    defineFigure(
      "STATS_QUADRATIC_MEAN",
      "Gives the square root of the mean of the squares.",
      (stats) => stats.quadraticMean,
      ["STATS_QUADRATIC_MEAN(STATS_ADD(STATS_INIT(), 7, 1))", 5],
    ),
    defineFigure("STATS_SD", "Gives the standard deviation, unbiased.", (stats) => stats.standardDeviation, [
      "STATS_SD(STATS_ADD(STATS_INIT(), 10, 20, 30))",
      10,
    ]),
    defineFigure(
      "STATS_SKEWNESS",
      "Gives the skewness, unbiased; NaN below three values.",
      (stats) => stats.skewness,
      ["STATS_SKEWNESS(STATS_ADD(STATS_INIT(), 10, 20, 30))", 0],
    ),
    defineFigure("STATS_SUM", "Gives the sum.", (stats) => stats.sum, [`STATS_SUM(${SOME})`, 105]),
    defineFigure(
      "STATS_SUM_LOGS",
      "Gives the sum of the natural logarithms; not of statistics over a window.",
      (stats) => stats.sumLogs,
      ["STATS_SUM_LOGS(STATS_ADD(STATS_INIT(), 1, 1))", 0],
    ),
    defineFigure("STATS_SUM_SQUARES", "Gives the sum of the squares.", (stats) => stats.sumSquares, [
      "STATS_SUM_SQUARES(STATS_ADD(STATS_INIT(), 3, 4))",
      25,
    ]),
    defineFigure("STATS_VARIANCE", "Gives the variance, unbiased.", (stats) => stats.variance, [
      "STATS_VARIANCE(STATS_ADD(STATS_INIT(), 10, 20, 30))",
      100,
    ]),
  ],
};
