/**
 * The half-space trees of a thread. A model that nothing changed about goes on when its sensor's document is published again, and, where
 * states are kept, after a restart.
 */
import { hash } from "node:crypto";
import { z } from "zod";
import type { Log } from "../../core/context.ts";
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

/** A state as it is kept. */
export type KeptState = {
  /** What tells a model from others: `SENSOR/NAME/VERSION/HASH`, the hash that of its definition. */
  readonly id: string;
  readonly state: Uint8Array<ArrayBuffer>;
};

/** A state that was kept, and by whom. `state` is undefined where what is there is no state at all. */
export type FoundState = { readonly by: string; readonly state: Uint8Array | undefined };

/** Where a thread keeps what its models learn. */
export type Keeping = {
  /** What was kept of a model: what this thread kept itself, or, if it kept nothing, what others did, the latest last. */
  readonly find: (id: string) => readonly FoundState[];
  /** Resolves when the states are durable; each replaces the one that this thread kept before. */
  readonly keep: (states: readonly KeptState[]) => Promise<void>;
};

/** A larger state is not kept: it would be written every few seconds. 26,000 messages per window with 10 features have as much. */
const MOST_STATE_BYTES = 4 * 1024 * 1024;

type Owner = {
  readonly sensor: string;
  readonly name: string;
  readonly version: string;
  /** Is told what keeps its state from being read or kept. */
  readonly onProblem: (problem: string) => void;
};
type Learning = {
  readonly id: string;
  readonly owner: Owner;
  readonly model: HalfSpaceTrees;
  readonly isKept: boolean;
};

export class OnlineModels {
  readonly #log: Log;
  readonly #keeping: Keeping | undefined;
  /** By what a model is: those that some open stage has. What no stage has any more is forgotten. */
  readonly #learned = new Map<string, WeakRef<Learning>>();
  /** Those that have learned since they were kept. No stage may have them any more. */
  readonly #unkept = new Set<Learning>();
  #saving: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #told = "";

  /** @param keeping where states are kept; what is learned ends with the thread when left out */
  constructor(log: Log, keeping?: Keeping) {
    this.#log = log;
    this.#keeping = keeping;
  }

  /**
   * The model of a sensor in this thread; all partitions that the thread reads share it. It takes memory (8 MB for the defaults) when it
   * gets its first messages, and then looks for what it had learned before.
   */
  open(
    owner: Owner,
    features: readonly { readonly name: string; readonly expression: string }[],
    config: z.output<typeof halfSpaceTreesConfig>,
  ): Model {
    const options: HalfSpaceTreesOptions = { ...config, features: features.map(({ name }) => name) };
    const definition = hash("sha256", JSON.stringify([features, config]), "hex").slice(0, 20);
    const id = `${owner.sensor}/${owner.name}/${owner.version}/${definition}`;
    let learning: Learning | undefined;
    return {
      score: (matrix: FeatureMatrix, scores: Scores) => {
        learning ??= this.#learned.get(id)?.deref() ?? this.#begin(id, owner, options);
        learning.model.score(matrix, scores);
        if (matrix.count > 0 && learning.isKept) this.#unkept.add(learning);
      },
    };
  }

  /** Keeps what was learned since the last time; what cannot be kept is tried again with the next call, and is told. */
  save(): Promise<void> {
    // While one is at work, one more waits at the most.
    this.#next ??= this.#saving.then(() => {
      this.#next = undefined;
      this.#saving = this.#save();
      return this.#saving;
    });
    return this.#next;
  }

  #begin(id: string, owner: Owner, options: HalfSpaceTreesOptions): Learning {
    const isKept = this.#keeping !== undefined && this.#isSmall(owner, options);
    const learning = { id, owner, model: new HalfSpaceTrees(options), isKept };
    for (const [known, reference] of this.#learned)
      if (reference.deref() === undefined) this.#learned.delete(known);
    this.#learned.set(id, new WeakRef(learning));
    if (this.#keeping !== undefined) this.#goOn(learning, this.#keeping.find(id));
    return learning;
  }

  #isSmall(owner: Owner, { window, features }: HalfSpaceTreesOptions): boolean {
    const bytes = 16 * (window + 1) * features.length;
    if (bytes <= MOST_STATE_BYTES) return true;
    const reason = `its state has up to ${bytes} bytes, and ${MOST_STATE_BYTES} are kept at the most; give it a smaller window or fewer features`;
    this.#log.warn("What a model learns is not kept for the next start.", { model: titleOf(owner), reason });
    owner.onProblem(`what it learns is not kept: ${reason}`);
    return false;
  }

  /** Takes over what was kept. What cannot be read is left out and told; where nothing can be read, the model begins anew. */
  #goOn({ owner, model }: Learning, found: readonly FoundState[]): void {
    const readable: Uint8Array[] = [];
    const title = titleOf(owner);
    for (const { by, state } of found) {
      const reason = state === undefined ? "it is no state" : model.load(state);
      if (reason === undefined && state !== undefined) {
        readable.push(state);
        continue;
      }
      this.#log.warn("What a model had learned cannot be read and is left out.", {
        ...{ model: title, by, reason },
      });
      owner.onProblem(`what it had learned (${by}) cannot be read: ${reason}`);
    }
    if (readable.length === 0) return;
    if (readable.length > 1) model.load(...readable);
    this.#log.info("A model goes on with what it had learned.", {
      ...{ model: title, messages: model.learned, states: readable.length },
    });
  }

  async #save(): Promise<void> {
    const taken = [...this.#unkept];
    this.#unkept.clear();
    if (this.#keeping === undefined || taken.length === 0) return;
    const states = taken.map(({ id, model }): KeptState => ({ id, state: model.save() }));
    try {
      await this.#keeping.keep(states);
      this.#told = "";
    } catch (error) {
      for (const learning of taken) this.#unkept.add(learning);
      const { message } = error as Error;
      for (const { owner } of taken) owner.onProblem(`what it learns is kept later: ${message}`);
      if (message !== this.#told) this.#log.warn("What models learn is kept later.", { error: message });
      this.#told = message;
    }
  }
}

function titleOf({ sensor, name, version }: Owner): string {
  return `${sensor}/${name}@${version}`;
}
