import { expect, test } from "vitest";
import { random } from "../../scenario/random.ts";
import { makeMatrix } from "../features.ts";
import { Scores } from "../scores.ts";
import { HalfSpaceTrees, type HalfSpaceTreesOptions } from "./half-space-trees.ts";
import { readState } from "./state.ts";

const OPTIONS: HalfSpaceTreesOptions = {
  features: ["bytes", "port", "duration"],
  trees: 9,
  depth: 7,
  window: 40,
  seed: 5,
  reasonsFrom: 0,
};

type Row = readonly number[];

/** Ordinary rows: two of the features go together. */
function ordinary(count: number, seed = 1): Row[] {
  const chance = random(seed);
  return Array.from({ length: count }, () => {
    const bytes = chance.spread(2000, 0.4);
    return [bytes, chance.pick([80, 443]), bytes / 1000 + chance.next()];
  });
}

/** Scores by row, undefined where there is none, of rows that come in parts of a size. */
function scoresOf(model: HalfSpaceTrees, rows: readonly Row[], size = rows.length): (number | undefined)[] {
  const scores = new Scores();
  const found: (number | undefined)[] = [];
  for (let from = 0; from < rows.length; from += size) {
    const part = rows.slice(from, from + size);
    const matrix = makeMatrix(part[0]?.length ?? 0, part.length);
    matrix.count = part.length;
    matrix.values.set(part.flat());
    model.score(matrix, scores);
    for (let at = 0; at < part.length; at++)
      found.push(scores.known[at] === 1 ? (scores.values[at] as number) : undefined);
  }
  return found;
}

test("the first window is learned from alone; then what is far from it scores highest, and the field that moved it is named", () => {
  const options = { ...OPTIONS, trees: 25, depth: 15, window: 250 };
  const model = new HalfSpaceTrees(options);
  const rows = ordinary(750);
  rows[600] = [2000, 9999, 900];
  const scores = scoresOf(model, rows);
  expect(scores.slice(0, 250).every((score) => score === undefined)).toBe(true);
  const known = scores.slice(250) as number[];
  expect(known.every((score) => score >= 0 && score <= 1)).toBe(true);
  // Ordinary ones at the edge of what there is may come before it.
  expect(known.filter((score) => score > (known[350] as number)).length).toBeLessThan(5);
  expect(model.learned).toBe(750);

  const [matrix, answers] = [makeMatrix(3, 1), new Scores()];
  matrix.count = 1;
  matrix.values.set([2000, 9999, 900]);
  model.score(matrix, answers);
  const reasons = answers.reasons(0, OPTIONS.features);
  expect(reasons.map(({ name }) => name).sort()).toEqual(["duration", "port"]);
  // What the port is said to add is what the score lacks when the port is an ordinary one.
  const other = new HalfSpaceTrees(options);
  scoresOf(other, rows);
  const ports = rows.slice(500, 750).map((row) => row[1] as number);
  const median = ports.sort((one, next) => one - next)[125] as number;
  const without = scoresOf(other, [[2000, median, 900]])[0] as number;
  const port = reasons.find(({ name }) => name === "port")?.by;
  expect(port).toBeCloseTo((answers.values[0] as number) - without, 12);
});

test("only scores from a limit on get reasons", () => {
  const rows = ordinary(60);
  const limited = new HalfSpaceTrees({ ...OPTIONS, reasonsFrom: 0.6 });
  scoresOf(limited, rows);
  const [matrix, scores] = [makeMatrix(3, 2), new Scores()];
  matrix.count = 2;
  matrix.values.set([...(rows[3] as Row), 1e6, 9999, 900]);
  limited.score(matrix, scores);
  expect([...scores.explained.subarray(0, 2)]).toEqual([0, 1]);
  expect(scores.reasons(0, OPTIONS.features)).toEqual([]);
});

test("masses are those that a count of the reference window gives", () => {
  const model = new HalfSpaceTrees(OPTIONS);
  const rows = ordinary(OPTIONS.window * 3 + 7);
  scoresOf(model, rows, 11);
  const ranges = model.ranges ?? [];
  const { trees, depth, window } = OPTIONS;
  const counted = new Map<string, number>();
  for (const row of rows.slice(window * 2, window * 3)) {
    for (let tree = 0; tree < trees; tree++) {
      for (let node = 1, level = 0; ; level++) {
        counted.set(`${tree}/${node}`, (counted.get(`${tree}/${node}`) ?? 0) + 1);
        if (level === depth) break;
        const at = tree * 2 ** depth + node;
        const feature = model.trees.features[at] as number;
        const { least = 0, width = 1 } = ranges[feature] ?? {};
        const unit = ((row[feature] as number) - least) * (1 / width);
        node = 2 * node + (unit < (model.trees.thresholds[at] as number) ? 0 : 1);
      }
    }
  }
  for (let tree = 0; tree < trees; tree++) {
    for (let node = 1; node < 2 ** (depth + 1); node++)
      expect(model.massOf(tree, node), `${tree}/${node}`).toBe(counted.get(`${tree}/${node}`) ?? 0);
  }
});

test("a score is the paper's sum of masses, spread by a logarithm", () => {
  const model = new HalfSpaceTrees(OPTIONS);
  scoresOf(model, ordinary(80));
  const row = [5000, 443, 2.5];
  const { trees, depth, window } = OPTIONS;
  let sum = 0;
  for (let tree = 0; tree < trees; tree++) {
    let [node, level] = [1, 0];
    while (level < depth && model.massOf(tree, node) > window / 10) {
      const at = tree * 2 ** depth + node;
      const feature = model.trees.features[at] as number;
      const { least = 0, width = 1 } = model.ranges?.[feature] ?? {};
      const isBelow = ((row[feature] as number) - least) / width < (model.trees.thresholds[at] as number);
      node = 2 * node + (isBelow ? 0 : 1);
      level++;
    }
    sum += model.massOf(tree, node) * 2 ** level;
  }
  const wanted = 1 - Math.log2(1 + sum / trees) / Math.log2(1 + window * 2 ** depth);
  expect(scoresOf(model, [row])[0]).toBeCloseTo(wanted, 12);
});

test.each([6, 8])("a value that is always 7 is missed when it becomes %i", (value) => {
  const model = new HalfSpaceTrees({ ...OPTIONS, features: ["always"] });
  const rows = Array.from({ length: 40 }, () => [7]);
  const [usual, other] = scoresOf(model, [...rows, [7], [value]]).slice(40) as [number, number];
  expect(other).toBeGreaterThan(usual);
});

/** A model that knows what a state holds. */
function reloaded(state: Uint8Array): HalfSpaceTrees {
  const model = new HalfSpaceTrees({ ...OPTIONS, depth: 5 });
  model.load(state);
  return model;
}

test("scores do not depend on how messages are cut into batches", () => {
  const rows = ordinary(333);
  const whole = scoresOf(new HalfSpaceTrees(OPTIONS), rows);
  for (const size of [1, 39, 40, 41, 200])
    expect(scoresOf(new HalfSpaceTrees(OPTIONS), rows, size), `${size}`).toEqual(whole);
});

test("another seed makes other trees, the same one the same", () => {
  const rows = ordinary(100);
  const scores = (seed: number) => scoresOf(new HalfSpaceTrees({ ...OPTIONS, seed }), rows);
  expect(scores(5)).toEqual(scores(5));
  expect(scores(5)).not.toEqual(scores(6));
});

test.each([0, 13, 40, 55, 80, 99])(
  "what was learned from %i messages is read back, and scores go on as if nothing had happened",
  (cut) => {
    const rows = ordinary(200);
    const whole = scoresOf(new HalfSpaceTrees(OPTIONS), rows);
    const before = new HalfSpaceTrees(OPTIONS);
    scoresOf(before, rows.slice(0, cut));
    const after = new HalfSpaceTrees(OPTIONS);
    // What it had learned by itself is gone.
    scoresOf(after, ordinary(60, 9));
    expect(after.load(before.save())).toBeUndefined();
    expect(after.learned).toBe(cut);
    expect(scoresOf(after, rows.slice(cut))).toEqual(whole.slice(cut));
  },
);

test("what was learned is of use to other trees", () => {
  const before = new HalfSpaceTrees(OPTIONS);
  scoresOf(before, ordinary(100));
  const after = new HalfSpaceTrees({ ...OPTIONS, trees: 25, depth: 10, seed: 77 });
  expect(after.load(before.save())).toBeUndefined();
  const [odd, usual] = scoresOf(after, [[1e6, 9999, 900], ordinary(1, 3)[0] as Row]) as [number, number];
  expect(odd).toBeGreaterThan(usual);
});

test("states that are cut, damaged or of another model are refused with the reason, and nothing is taken of them", () => {
  const before = new HalfSpaceTrees(OPTIONS);
  scoresOf(before, ordinary(100));
  const bytes = before.save();
  const change = (at: number, value: number) => {
    const changed = bytes.slice();
    changed[at] = value;
    return changed;
  };
  const nan = bytes.slice();
  new DataView(nan.buffer).setFloat64(nan.length - 8, Number.NaN, true);
  const other = (part: Partial<HalfSpaceTreesOptions>) => new HalfSpaceTrees({ ...OPTIONS, ...part }).save();
  const after = new HalfSpaceTrees(OPTIONS);
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(0), "it has no header"],
    [bytes.subarray(0, 40), "it has no header"],
    [change(3, 255), "it has no header"],
    [change(6, 0), "its header is of another form"],
    [Uint8Array.of(4, 0, 0, 0, ...new TextEncoder().encode("null")), "its header is of another form"],
    [bytes.subarray(0, -3), "in place of"],
    [nan, "not finite"],
    [
      other({ features: ["a", "b", "c"] }),
      "it was learned from a, b, c, and the model has bytes, port, duration",
    ],
    [other({ window: 41 }), "it has windows of 41 messages, and the model of 40"],
  ];
  for (const [damaged, said] of cases) expect(after.load(damaged)).toContain(said);
  expect(after.learned).toBe(0);
  expect(scoresOf(after, ordinary(50))).toEqual(scoresOf(new HalfSpaceTrees(OPTIONS), ordinary(50)));
});

test("the states of two workers become one that knows the messages of both", () => {
  const low = new HalfSpaceTrees(OPTIONS);
  const high = new HalfSpaceTrees(OPTIONS);
  scoresOf(low, ordinary(80));
  scoresOf(
    high,
    ordinary(80).map(([bytes = 0, port = 0, duration = 0]) => [bytes * 40, port, duration]),
  );
  const both = new HalfSpaceTrees({ ...OPTIONS, depth: 5 });
  expect(both.load(low.save(), high.save())).toBeUndefined();
  expect(both.learned).toBe(160);
  const alone = new HalfSpaceTrees({ ...OPTIONS, depth: 5 });
  alone.load(low.save());
  const row = [[80_000, 443, 2.5]];
  expect(scoresOf(both, row)[0] as number).toBeLessThan(scoresOf(alone, row)[0] as number);
  const none = new HalfSpaceTrees(OPTIONS).save();
  for (const states of [
    [none, low.save()],
    [low.save(), none],
  ]) {
    const same = new HalfSpaceTrees({ ...OPTIONS, depth: 5 });
    same.load(...states);
    expect(same.learned).toBe(80);
    expect(scoresOf(same, row)).toEqual(scoresOf(reloaded(low.save()), row));
  }
});

test("each of many workers has the same share of the state that is made of theirs", () => {
  const of = (value: number) => {
    const model = new HalfSpaceTrees({ ...OPTIONS, features: ["x"] });
    scoresOf(
      model,
      Array.from({ length: OPTIONS.window }, () => [value]),
    );
    return model.save();
  };
  const all = new HalfSpaceTrees({ ...OPTIONS, features: ["x"] });
  expect(
    all.load(new HalfSpaceTrees({ ...OPTIONS, features: ["x"] }).save(), of(1), of(2), of(3), of(4)),
  ).toBe(undefined);
  const state = readState(all.save());
  expect(typeof state === "string" ? state : [...state.reference.slice(0, 8)]).toEqual([
    1, 2, 3, 4, 1, 2, 3, 4,
  ]);
});

test("one value far outside in the first window does not make all others alike", () => {
  const chance = random(4);
  const usual = () => [chance.spread(1050, 0.05)];
  const rows = Array.from({ length: 500 }, usual);
  rows[100] = [1e15];
  const options = { ...OPTIONS, features: ["x"], trees: 25, depth: 15, window: 250 };
  const scores = scoresOf(new HalfSpaceTrees(options), [...rows, [1e6], [1e9], [1050]]).slice(-3) as number[];
  const [far = 0, further = 0, inside = 0] = scores;
  expect(far).toBeGreaterThan(inside + 0.1);
  expect(further).toBeGreaterThanOrEqual(far);
});

test("what a model with features of hardly any width has learned can be read again", () => {
  const options = { ...OPTIONS, features: ["x"] };
  const model = new HalfSpaceTrees(options);
  scoresOf(
    model,
    Array.from({ length: 90 }, (_, row) => [row % 2 === 0 ? 0 : 5e-324]),
  );
  expect(new HalfSpaceTrees(options).load(model.save())).toBeUndefined();
});

test("values at the ends of what a number holds, and features that never change, give scores that are numbers", () => {
  const extremes = [Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 0, -0, 2 ** 53];
  const chance = random(3);
  const rows = Array.from({ length: 300 }, () => [chance.pick(extremes), 7, chance.pick(extremes)]);
  const scores = scoresOf(new HalfSpaceTrees(OPTIONS), rows).slice(OPTIONS.window);
  expect(scores.every((score) => Number.isFinite(score))).toBe(true);
});
