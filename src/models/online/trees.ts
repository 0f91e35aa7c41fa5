/**
 * Half-space trees as Tan, Ting and Liu describe them ("Fast Anomaly Detection for Streaming Data", IJCAI 2011, algorithm 1): perfect
 * binary trees over the unit cube that are made without any data. Each tree draws a work range per dimension that covers [0, 1], and
 * each node halves the range of a dimension drawn at random.
 */
import { Random } from "../../java/random.ts";

/**
 * Trees as flat arrays. Nodes of a tree are numbered from 1 at the root; those of `node` are `2 * node`, whose values are below the
 * threshold, and `2 * node + 1`. Inner node `node` of tree `tree` is at `tree * 2 ** depth + node`.
 */
export type Trees = {
  readonly count: number;
  /** Splits from the root to a leaf. */
  readonly depth: number;
  readonly features: Uint8Array<ArrayBuffer>;
  /** In units of the range of the feature. They have 32 bits, to stay in the processor's cache. */
  readonly thresholds: Float32Array<ArrayBuffer>;
};

/** Trees over `width` features (1 to 255); the same seed makes the same trees. */
export function growTrees(count: number, depth: number, width: number, seed: number): Trees {
  const inner = 2 ** depth;
  const features = new Uint8Array(count * inner);
  const thresholds = new Float32Array(count * inner);
  const random = new Random(seed);
  const low = new Float64Array(width);
  const high = new Float64Array(width);
  const split = (base: number, node: number): void => {
    if (node >= inner) return;
    const feature = Math.floor(random.nextDouble() * width);
    const [from, to] = [low[feature] as number, high[feature] as number];
    const middle = (from + to) / 2;
    features[base + node] = feature;
    thresholds[base + node] = middle;
    high[feature] = middle;
    split(base, 2 * node);
    high[feature] = to;
    low[feature] = middle;
    split(base, 2 * node + 1);
    low[feature] = from;
  };
  for (let tree = 0; tree < count; tree++) {
    for (let feature = 0; feature < width; feature++) {
      const centre = random.nextDouble();
      const reach = 2 * Math.max(centre, 1 - centre);
      low[feature] = centre - reach;
      high[feature] = centre + reach;
    }
    split(tree * inner, 1);
  }
  return { count, depth, features, thresholds };
}
