import type { CheckpointPart } from "../../profiles/checkpoint-part.ts";
import type { Checkpoint } from "../../profiles/partition.ts";

/** What a worker asks the thread that owns topics and tables to do for profiles; the answer comes once it is durable. */
export type ProfileRequest =
  /** Append a block to a partition of the routes. */
  | {
      readonly do: "append";
      readonly partition: number;
      readonly bytes: Uint8Array;
      readonly ends: Uint32Array;
      readonly arrival: number;
    }
  /** A partition is about to be read here: what was stored of it last must be readable, and what was to be sent, sent. */
  | { readonly do: "begin"; readonly partition: number }
  /** Keep a part of a checkpoint until the last one comes: it counts only then. `number`: from 0 on. */
  | {
      readonly do: "stage";
      readonly partition: number;
      readonly number: number;
      readonly part: CheckpointPart;
    }
  /** Store a checkpoint of a partition, with the parts of it that were staged, and send what goes to triage. */
  | {
      readonly do: "store";
      readonly partition: number;
      readonly checkpoint: Checkpoint;
      readonly staged: number;
    };

/** The group that reads routes. */
export const PROFILE_GROUP = "profiles";
/** The topic of routes. */
export const PROFILE_TOPIC = "metron-profiles";

/** Types of the table of profiles besides the measurements. */
export const DEFINITIONS = "definitions";
export const PARTITIONS = "partitions";
/** When each partition was begun to be read last. */
export const BEGUN = "begun";
export const ENTITIES = "entities";
/** Parts of checkpoints that are too large for one write: by `PARTITION/NUMBER`, and by `PARTITION` how many count. */
export const STAGED = "staged";
/** Messages for triage that may not have been sent. */
export const TRIAGE = "triage";
