import type { Block } from "./blocks/block.ts";

/**
 * What keeps up with the messages of the embedded index, such as a copy of alerts elsewhere. It chooses the messages that it wants to
 * hear of, is told when they are committed, and may put down what it must remember before they are durable.
 */
export type Follower = {
  /** The guids of a block's messages that it follows. The block may still be dropped: what counts is told by `committed`. */
  pick(block: Block): readonly string[];
  /** Messages of a sensor can be found from now on. */
  committed(sensor: string, guids: readonly string[]): void;
  /** Called before messages become durable; they do not while it is under way, or when it fails. */
  sealing(): Promise<void>;
  /** These are durable. */
  sealed(guids: readonly string[]): void;
};
