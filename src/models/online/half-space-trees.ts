/**
 * Half-space trees: an anomaly score that learns as it scores (Tan, Ting and Liu, "Fast Anomaly Detection for Streaming Data",
 * IJCAI 2011). The messages of the reference window say how much mass each node has; those of the latest window take their place when
 * it is full. Where little mass was, a message is odd.
 *
 * A window is kept as the features of its messages: masses follow from them, so the state of a model is small, and can be written,
 * read by a model with other trees, and put together with that of another.
 */
import type { FeatureMatrix } from "../features.ts";
import type { Model } from "../model.ts";
import type { Scores } from "../scores.ts";
import { mergeStates, readState, type State, writeState } from "./state.ts";
import { growTrees, type Trees } from "./trees.ts";

export type HalfSpaceTreesOptions = {
  /** The names of the features, 1 to 255. */
  readonly features: readonly string[];
  readonly trees: number;
  /** Splits from the root to a leaf, 1 to 15. */
  readonly depth: number;
  /** Messages per window, 2 to 65,535. */
  readonly window: number;
  readonly seed: number;
  /** Scores from which on messages get reasons; 1 or less. */
  readonly reasonsFrom: number;
};

/** The paper's part of a window: nodes with no more mass are as small as they get. */
const SIZE_LIMIT = 0.1;
/** The part of a feature's values that its range leaves out, at either end. */
const LEFT_OUT = 0.02;

const LEARNING = "the model is learning from its first window";

/** A model over the messages of one thread. */
export class HalfSpaceTrees implements Model {
  readonly trees: Trees;
  /** Messages learned from since the model began. */
  learned = 0;
  readonly #options: HalfSpaceTreesOptions;
  readonly #limit: number;
  /** Masses of the reference window, by node: node `node` of tree `tree` is at `tree * 2 ** (depth + 1) + node`. */
  readonly #masses: Uint16Array<ArrayBuffer>;
  /** The leaves that the messages of the reference window are in, by tree and message, to take their masses away again. */
  readonly #leaves: Uint16Array<ArrayBuffer>;
  readonly #latestLeaves: Uint16Array<ArrayBuffer>;
  /** The windows as rows of features. */
  #reference: Float64Array<ArrayBuffer>;
  #latest: Float64Array<ArrayBuffer>;
  #filled = 0;
  #hasReference = false;
  /** By feature: the least value and the width of the range that trees halve. They come from the first window. */
  readonly #least: Float64Array<ArrayBuffer>;
  readonly #scale: Float64Array<ArrayBuffer>;
  readonly #ordinary: Float64Array<ArrayBuffer>;
  #ordinaryIsOld = true;
  /** Rows of features in units of their ranges. */
  #units = new Float64Array(0);
  #sums = new Float64Array(0);

  constructor(options: HalfSpaceTreesOptions) {
    const { features, trees, depth, window, seed } = options;
    const width = features.length;
    this.#options = options;
    this.trees = growTrees(trees, depth, width, seed);
    this.#limit = SIZE_LIMIT * window;
    this.#masses = new Uint16Array(trees * 2 ** (depth + 1));
    this.#leaves = new Uint16Array(trees * window);
    this.#latestLeaves = new Uint16Array(trees * window);
    this.#reference = new Float64Array(window * width);
    this.#latest = new Float64Array(window * width);
    this.#least = new Float64Array(width);
    this.#scale = new Float64Array(width);
    this.#ordinary = new Float64Array(width);
  }

  /**
   * Scores messages and learns from each: 0 is the most ordinary, 1 has no mass near it. Messages of the first window have no score.
   * @param scores gets those of the matrix
   */
  score(matrix: FeatureMatrix, scores: Scores): void {
    scores.clear(matrix);
    scores.lack = LEARNING;
    const { window } = this.#options;
    for (let from = 0; from < matrix.count; ) {
      const to = Math.min(matrix.count, from + window - this.#filled);
      this.#keep(matrix, from, to);
      if (this.#hasReference) {
        this.#scoreSegment(matrix, scores, from, to);
        this.#explainSegment(scores, from, to);
      }
      this.#filled += to - from;
      this.learned += to - from;
      if (this.#filled === window) this.#turn();
      from = to;
    }
  }

  /** The mass of a node in the reference window. */
  massOf(tree: number, node: number): number {
    return this.#masses[tree * 2 ** (this.trees.depth + 1) + node] as number;
  }

  /** Ranges of the features as the first window had them; undefined before it is full. */
  get ranges(): readonly { readonly least: number; readonly width: number }[] | undefined {
    if (!this.#hasReference) return undefined;
    return Array.from(this.#least, (least, feature) => ({
      least,
      width: 1 / (this.#scale[feature] as number),
    }));
  }

  /** All that was learned, as bytes. */
  save(): Uint8Array<ArrayBuffer> {
    const width = this.#options.features.length;
    return writeState({
      features: this.#options.features,
      window: this.#options.window,
      learned: this.learned,
      least: this.#least,
      scale: this.#scale,
      reference: this.#hasReference ? this.#reference : new Float64Array(0),
      latest: this.#latest.subarray(0, this.#filled * width),
    });
  }

  /**
   * Takes what models of the same features and window have learned, such as those of several workers, all together.
   * @returns why it is not taken, the first reason there is; undefined when it is
   */
  load(...saved: readonly Uint8Array[]): string | undefined {
    const { features, window } = this.#options;
    const states: State[] = [];
    for (const bytes of saved) {
      const state = readState(bytes);
      if (typeof state === "string") return state;
      if (JSON.stringify(state.features) !== JSON.stringify(features))
        return `it was learned from ${state.features.join(", ")}, and the model has ${features.join(", ")}`;
      if (state.window !== window)
        return `it has windows of ${state.window} messages, and the model of ${window}`;
      states.push(state);
    }
    const [first, ...others] = states;
    if (first !== undefined) this.#take(mergeStates([first, ...others]));
    return undefined;
  }

  #take({ learned, least, scale, reference, latest }: State): void {
    const width = this.#options.features.length;
    this.#hasReference = false;
    this.#masses.fill(0);
    this.#least.set(least);
    this.#scale.set(scale);
    if (reference.length > 0) {
      this.#latest.set(reference);
      this.#filled = this.#options.window;
      this.#settle(reference.length / width);
      this.#swap();
    }
    this.#latest.set(latest);
    this.#filled = latest.length / width;
    if (this.#hasReference) this.#settle(this.#filled);
    this.learned = learned;
  }

  /** Keeps the features of messages as part of the latest window, and in units of their ranges where these are known. */
  #keep({ values, width }: FeatureMatrix, from: number, to: number): void {
    this.#latest.set(values.subarray(from * width, to * width), this.#filled * width);
    if (this.#hasReference) this.#toUnits(values, from * width, to * width);
  }

  #toUnits(values: Float64Array, from: number, to: number): void {
    if (this.#units.length < to - from) this.#units = new Float64Array(to - from);
    const [units, least, scale] = [this.#units, this.#least, this.#scale];
    const width = least.length;
    for (let at = from, feature = 0, unit = 0; at < to; at++, unit++) {
      units[unit] = ((values[at] as number) - (least[feature] as number)) * (scale[feature] as number);
      if (++feature === width) feature = 0;
    }
  }

  /** Scores the messages of a part of a matrix, whose features are in units, and notes the leaves they fall into. */
  #scoreSegment({ width }: FeatureMatrix, { values, known }: Scores, from: number, to: number): void {
    const { window } = this.#options;
    const { count, depth, features, thresholds } = this.trees;
    const [inner, limit, masses, leaves, units] = [
      2 ** depth,
      this.#limit,
      this.#masses,
      this.#latestLeaves,
      this.#units,
    ];
    const messages = to - from;
    if (this.#sums.length < messages) this.#sums = new Float64Array(messages);
    const sums = this.#sums;
    sums.fill(0, 0, messages);
    // Tree after tree: one of them stays in the processor's cache.
    for (let tree = 0; tree < count; tree++) {
      const splits = tree * inner;
      const ofTree = 2 * splits;
      const leafAt = tree * window + this.#filled;
      for (let message = 0, row = 0; message < messages; message++, row += width) {
        let node = 1;
        let weight = 1;
        let mass = masses[ofTree + 1] as number;
        while (node < inner && mass > limit) {
          const feature = features[splits + node] as number;
          node =
            2 * node + ((units[row + feature] as number) < (thresholds[splits + node] as number) ? 0 : 1);
          mass = masses[ofTree + node] as number;
          weight *= 2;
        }
        sums[message] = (sums[message] as number) + mass * weight;
        while (node < inner) {
          const feature = features[splits + node] as number;
          node =
            2 * node + ((units[row + feature] as number) < (thresholds[splits + node] as number) ? 0 : 1);
        }
        leaves[leafAt + message] = node - inner;
      }
    }
    for (let message = 0; message < messages; message++) {
      values[from + message] = this.#anomaly(sums[message] as number);
      known[from + message] = 1;
    }
  }

  /**
   * The paper's sum of masses, each times 2 to the depth of its node, as a number from 0 to 1 that falls as it grows. The logarithm spreads
   * it: the most that a sum can be is beyond reach, and shares of it would all look like 1.
   */
  #anomaly(sum: number): number {
    const { trees, window, depth } = this.#options;
    return 1 - Math.log2(1 + sum / trees) / Math.log2(1 + window * 2 ** depth);
  }

  /** Adds reasons to the scores that are high: what each would be, were one value that of an ordinary message. */
  #explainSegment({ values, explained, effects }: Scores, from: number, to: number): void {
    const width = this.#least.length;
    const { reasonsFrom } = this.#options;
    for (let message = from; message < to; message++) {
      const score = values[message] as number;
      if (score < reasonsFrom) continue;
      if (this.#ordinaryIsOld) this.#findOrdinary();
      const row = (message - from) * width;
      for (let feature = 0; feature < width; feature++) {
        const own = this.#units[row + feature] as number;
        this.#units[row + feature] = this.#ordinary[feature] as number;
        effects[message * width + feature] = score - this.#anomaly(this.#sumOf(row));
        this.#units[row + feature] = own;
      }
      explained[message] = 1;
    }
  }

  /** The sum of masses of one row of features in units. */
  #sumOf(row: number): number {
    const { count, depth, features, thresholds } = this.trees;
    const inner = 2 ** depth;
    const [masses, units, limit] = [this.#masses, this.#units, this.#limit];
    let sum = 0;
    for (let tree = 0; tree < count; tree++) {
      const splits = tree * inner;
      let node = 1;
      let weight = 1;
      let mass = masses[2 * splits + 1] as number;
      while (node < inner && mass > limit) {
        const feature = features[splits + node] as number;
        node = 2 * node + ((units[row + feature] as number) < (thresholds[splits + node] as number) ? 0 : 1);
        mass = masses[2 * splits + node] as number;
        weight *= 2;
      }
      sum += mass * weight;
    }
    return sum;
  }

  /** The median of each feature in the reference window. */
  #findOrdinary(): void {
    const { window } = this.#options;
    const width = this.#least.length;
    const column = new Float64Array(window);
    for (let feature = 0; feature < width; feature++) {
      for (let message = 0; message < window; message++)
        column[message] = this.#reference[message * width + feature] as number;
      column.sort();
      const median = column[window >> 1] as number;
      this.#ordinary[feature] =
        (median - (this.#least[feature] as number)) * (this.#scale[feature] as number);
    }
    this.#ordinaryIsOld = false;
  }

  /** Makes the latest window, which is full, the reference. */
  #turn(): void {
    if (!this.#hasReference) {
      this.#findRanges();
      this.#settle(this.#filled);
    }
    this.#swap();
  }

  /** Finds the leaves of the first messages of the latest window, from their features. */
  #settle(messages: number): void {
    const width = this.#least.length;
    this.#toUnits(this.#latest, 0, messages * width);
    const { count, depth, features, thresholds } = this.trees;
    const inner = 2 ** depth;
    for (let tree = 0; tree < count; tree++) {
      const splits = tree * inner;
      for (let message = 0; message < messages; message++) {
        let node = 1;
        while (node < inner) {
          const unit = this.#units[message * width + (features[splits + node] as number)] as number;
          node = 2 * node + (unit < (thresholds[splits + node] as number) ? 0 : 1);
        }
        this.#latestLeaves[tree * this.#options.window + message] = node - inner;
      }
    }
  }

  /** Takes the masses of the reference window away and adds those of the latest. Only the nodes on their paths are touched. */
  #swap(): void {
    const { window } = this.#options;
    const { count, depth } = this.trees;
    const inner = 2 ** depth;
    for (let tree = 0; tree < count; tree++) {
      const ofTree = 2 * tree * inner;
      for (let message = 0; message < window; message++) {
        const at = tree * window + message;
        if (this.#hasReference) {
          // A node without mass has parents without mass.
          for (let node = inner + (this.#leaves[at] as number); node > 0; node >>= 1) {
            if (this.#masses[ofTree + node] === 0) break;
            this.#masses[ofTree + node] = 0;
          }
        }
      }
      for (let message = 0; message < window; message++) {
        const at = tree * window + message;
        const leaf = this.#latestLeaves[at] as number;
        this.#leaves[at] = leaf;
        for (let node = inner + leaf; node > 0; node >>= 1)
          this.#masses[ofTree + node] = (this.#masses[ofTree + node] as number) + 1;
      }
    }
    [this.#reference, this.#latest] = [this.#latest, this.#reference];
    this.#filled = 0;
    this.#hasReference = true;
    this.#ordinaryIsOld = true;
  }

  /**
   * The ranges of the latest window, its outermost values left out, as a single one far outside would press all others into one node for ever.
   * A feature that is always the same gets a range as wide as it is large.
   */
  #findRanges(): void {
    const { window } = this.#options;
    const width = this.#least.length;
    const values = new Float64Array(window);
    const left = Math.floor(window * LEFT_OUT);
    for (let feature = 0; feature < width; feature++) {
      for (let row = 0; row < window; row++) values[row] = this.#latest[row * width + feature] as number;
      values.sort();
      const [least, most] = [values[0] as number, values[window - 1] as number];
      const inner: Range = [values[left] as number, values[window - 1 - left] as number];
      const [from, to] = isRange(inner) ? inner : [least, most];
      this.#least[feature] = from;
      this.#scale[feature] = 1 / (isRange([from, to]) ? to - from : Math.max(1, Math.abs(from)));
    }
  }
}

type Range = readonly [from: number, to: number];

/** Whether there are numbers between, also as numbers of 64 bits: neither the width nor its reciprocal is infinite. */
function isRange([from, to]: Range): boolean {
  return to > from && Number.isFinite(to - from) && Number.isFinite(1 / (to - from));
}
