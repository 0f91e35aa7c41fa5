/** What a model promises the stage that asks it. */
import type { FeatureMatrix } from "./features.ts";
import type { Scores } from "./scores.ts";

/** A model at work in one thread. */
export type Model = {
  /**
   * Scores the messages of a matrix. It never throws for what is in them, and never takes longer than its limit: a message that it
   * has no score for is left unknown, and `scores.lack` says why.
   */
  readonly score: (matrix: FeatureMatrix, scores: Scores) => void;
};
