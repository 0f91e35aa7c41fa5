import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { random } from "../../scenario/random.ts";
import { askPython, pythonWith } from "../../storage/index/testing/python.ts";
import { makeMatrix } from "../features.ts";
import { Scores } from "../scores.ts";
import { HalfSpaceTrees } from "./half-space-trees.ts";

/** Half-space trees as another library has them: https://riverml.xyz (anomaly.HalfSpaceTrees). */
const python = pythonWith("river");

/** How much worse the area under the ROC curve may be. The trees are others, and so is which nodes a score sums up. */
const MARGIN = 0.02;

/** Our trees in the library's own nodes; the masses that it counts, node by node. */
const MASSES = `
import json, sys
from river import anomaly
from river.tree.padded import PaddedBranch, PaddedLeaf
given = json.load(open(sys.argv[1]))
depth, inner = given["depth"], 2 ** given["depth"]
order = []
def grow(tree, node):
    if node >= inner:
        made = PaddedLeaf(r_mass=0, l_mass=0)
    else:
        left, right = grow(tree, 2 * node), grow(tree, 2 * node + 1)
        at = tree * inner + node
        made = PaddedBranch(left, right, feature=given["features"][at], threshold=given["thresholds"][at], r_mass=0, l_mass=0)
    order.append((tree, node, made))
    return made
model = anomaly.HalfSpaceTrees(n_trees=given["trees"], height=depth, window_size=given["window"])
model.trees = [grow(tree, 1) for tree in range(given["trees"])]
model._tree_nodes = [list(tree.iter_dfs()) for tree in model.trees]
for row in given["rows"]:
    model.learn_one(dict(enumerate(row)))
print(json.dumps([[tree, node, made.r_mass] for tree, node, made in order]))
`;

const AUC = `
import json, sys
from river import anomaly
given = json.load(open(sys.argv[1]))
model = anomaly.HalfSpaceTrees(n_trees=25, height=10, window_size=250, seed=given["seed"], limits=dict((int(k), tuple(v)) for k, v in given["limits"].items()))
scores = []
for row in given["rows"]:
    x = dict(enumerate(row))
    scores.append(model.score_one(x))
    model.learn_one(x)
print(json.dumps(scores))
`;

test.skipIf(python === undefined)("river counts the same masses in the same trees", () => {
  const [trees, depth, window, width] = [5, 6, 50, 3];
  const chance = random(11);
  const rows = Array.from({ length: window * 4 + 9 }, () => [
    chance.next(),
    chance.next() ** 3,
    chance.int(0, 1),
  ]);
  // The first window has both ends of each range, with one of each to be left out, so that units are the values themselves.
  rows.splice(0, 4, [0, 0, 0], [1, 1, 1], [0, 0, 0], [1, 1, 1]);
  const model = new HalfSpaceTrees({
    features: ["a", "b", "c"],
    ...{ trees, depth, window, seed: 3, reasonsFrom: 1 },
  });
  scoresOf(model, rows, width);
  const masses = ask(MASSES, {
    ...{ trees, depth, window, rows },
    features: [...model.trees.features],
    thresholds: [...model.trees.thresholds],
  }) as [number, number, number][];
  expect(masses).toHaveLength(trees * (2 ** (depth + 1) - 1));
  for (const [tree, node, mass] of masses) expect(model.massOf(tree, node), `${tree}/${node}`).toBe(mass);
  expect(masses.some(([, node, mass]) => node >= 2 ** depth && mass > 1)).toBe(true);
});

test.skipIf(python === undefined).each([1, 2, 3])(
  "finds as much as river does, seed %i",
  (seed) => {
    const { rows, odd } = telemetry(2000, seed);
    const model = new HalfSpaceTrees({
      features: ["a", "b", "c", "d"],
      ...{ trees: 25, depth: 10, window: 250, seed, reasonsFrom: 1 },
    });
    const scores = scoresOf(model, rows, 4).slice(250) as number[];
    // The library is told the ranges that ours finds by itself.
    const limits = Object.fromEntries(
      (model.ranges ?? []).map(({ least, width }, feature) => [feature, [least, least + width]]),
    );
    const theirs = (ask(AUC, { rows, limits, seed }) as number[]).slice(250);
    const [ours, river] = [areaUnder(scores, odd.slice(250)), areaUnder(theirs, odd.slice(250))];
    process.stdout.write(
      `Area under the curve, seed ${seed}: ours ${ours.toFixed(4)}, river ${river.toFixed(4)}.\n`,
    );
    expect(ours).toBeGreaterThan(river - MARGIN);
    expect(ours).toBeGreaterThan(0.9);
  },
  120_000,
);

/** Flows of two habits, and one in fifty that is of neither. */
function telemetry(count: number, seed: number): { rows: number[][]; odd: boolean[] } {
  const chance = random(seed);
  const odd = Array.from({ length: count }, (_, row) => row > 300 && chance.chance(0.02));
  const rows = odd.map((isOdd) => {
    if (isOdd) return [chance.next() * 20, chance.next() * 20, chance.next() * 20, chance.next() * 20];
    const centre = chance.chance(0.7) ? 4 : 9;
    return [0, 1, 2, 3].map(
      (feature) => centre + feature + (chance.next() + chance.next() + chance.next()) / 2,
    );
  });
  return { rows, odd };
}

function scoresOf(
  model: HalfSpaceTrees,
  rows: readonly (readonly number[])[],
  width: number,
): (number | undefined)[] {
  const scores = new Scores();
  const matrix = makeMatrix(width, rows.length);
  matrix.count = rows.length;
  matrix.values.set(rows.flat());
  model.score(matrix, scores);
  return rows.map((_, at) => (scores.known[at] === 1 ? (scores.values[at] as number) : undefined));
}

/** The part of the pairs of an odd and an ordinary row in which the odd one has the higher score. */
function areaUnder(scores: readonly number[], odd: readonly boolean[]): number {
  const high = scores.filter((_, row) => odd[row]);
  const low = scores.filter((_, row) => !odd[row]);
  let won = 0;
  for (const one of high) for (const other of low) won += one > other ? 1 : one === other ? 0.5 : 0;
  return won / (high.length * low.length);
}

function ask(program: string, given: unknown): unknown {
  const folder = mkdtempSync(join(tmpdir(), "metron-river-"));
  try {
    const file = join(folder, "given.json");
    writeFileSync(file, JSON.stringify(given));
    return askPython(python as string, program, file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
