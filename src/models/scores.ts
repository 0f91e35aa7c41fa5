/** What a model says of the messages of a matrix. */
import type { FeatureMatrix } from "./features.ts";

/** Scores of a matrix, in the order of its messages. Nothing in them is NaN; what is unknown is marked. */
export class Scores {
  /** 1 for a message that has a score. */
  known = new Uint8Array(0);
  values = new Float64Array(0);
  /** Why a message without a score has none. */
  lack = "";
  /** Whether that is as the model took too long. */
  isLate = false;
  /** What failed, where something did; empty otherwise. */
  failure = "";
  /** 1 for a message with reasons. */
  explained = new Uint8Array(0);
  /** By message and feature: how much less the score would be, were the value an ordinary one. */
  effects = new Float64Array(0);

  /** Forgets all scores and makes room for those of a matrix. */
  clear({ count, width }: FeatureMatrix): void {
    if (this.known.length < count) {
      this.known = new Uint8Array(count * 2);
      this.values = new Float64Array(count * 2);
      this.explained = new Uint8Array(count * 2);
      this.effects = new Float64Array(count * 2 * width);
    }
    this.isLate = false;
    this.failure = "";
    this.known.fill(0, 0, count);
    this.explained.fill(0, 0, count);
  }

  /** The features that raised a score, greatest first, at most `most`. Empty for a message without reasons. */
  reasons(
    message: number,
    names: readonly string[],
    most = 3,
  ): { readonly name: string; readonly by: number }[] {
    if (this.explained[message] !== 1) return [];
    const at = message * names.length;
    return names
      .map((name, feature) => ({ name, by: this.effects[at + feature] as number }))
      .filter(({ by }) => by > 0)
      .sort((one, other) => other.by - one.by)
      .slice(0, most);
  }
}
