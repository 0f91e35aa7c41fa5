/** The half-space trees of a thread: a model that nothing changed about goes on when its sensor's document is published again. */
import { z } from "zod";
import type { FeatureMatrix } from "../features.ts";
import type { Model } from "../model.ts";
import type { Scores } from "../scores.ts";
import { HalfSpaceTrees, type HalfSpaceTreesOptions } from "./half-space-trees.ts";

export const halfSpaceTreesConfig = z.strictObject({
  trees: z.number().int().min(1).max(200).default(25).describe("Trees."),
  depth: z.number().int().min(1).max(15).default(15).describe("Splits from the root of a tree to a leaf."),
  window: z
    .number()
    .int()
    .min(10)
    .max(65_535)
    .default(250)
    .describe("Messages per window. Those of the window before say what is ordinary."),
  seed: z.number().int().min(0).default(1).describe("The same seed makes the same trees."),
  reasonsFrom: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("Messages with at least this score say which features moved it."),
});

/** By what a model is: those that some open stage has. What no stage has any more is forgotten. */
const learned = new Map<string, WeakRef<HalfSpaceTrees>>();

/**
 * The model of a sensor in this thread; all partitions that the thread reads share it. It takes memory (8 MB for the defaults) when it
 * gets its first messages.
 * @param owner what tells it from others: sensor, name and version
 */
export function openHalfSpaceTrees(
  owner: readonly string[],
  features: readonly { readonly name: string; readonly expression: string }[],
  config: z.output<typeof halfSpaceTreesConfig>,
): Model {
  const options: HalfSpaceTreesOptions = { ...config, features: features.map(({ name }) => name) };
  const key = JSON.stringify([owner, features, config]);
  let model: HalfSpaceTrees | undefined;
  return {
    score(matrix: FeatureMatrix, scores: Scores) {
      model ??= learned.get(key)?.deref();
      if (model === undefined) {
        model = new HalfSpaceTrees(options);
        for (const [known, reference] of learned) if (reference.deref() === undefined) learned.delete(known);
        learned.set(key, new WeakRef(model));
      }
      model.score(matrix, scores);
    },
  };
}
