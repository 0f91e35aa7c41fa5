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
  /** Store a checkpoint of a partition, and send what goes to triage. */
  | { readonly do: "store"; readonly partition: number; readonly checkpoint: Checkpoint };

/** The group that reads routes. */
export const PROFILE_GROUP = "profiles";
/** The topic of routes. */
export const PROFILE_TOPIC = "metron-profiles";

/** Types of the table of profiles besides the measurements. */
export const DEFINITIONS = "definitions";
export const PARTITIONS = "partitions";
export const ENTITIES = "entities";
/** Messages for triage that may not have been sent. */
export const TRIAGE = "triage";
