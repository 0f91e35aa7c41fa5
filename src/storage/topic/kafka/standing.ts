/**
 * How far those who read a partition in turn have made it durable. It is the committed offset of the group that deals out the partitions: brokers
 * take it only from who is a member at that moment. The metadata beside it say up to where each keeper had come when it noted something last, so
 * that one that was killed can tell whether its last note was taken.
 */
import { createHash } from "node:crypto";
import type { Cluster } from "../../kafka/cluster.ts";

/** What was noted of a partition. */
type Noted = {
  readonly offset: number;
  /** Up to where each keeper had come when it noted something last, by its id. */
  readonly keepers: ReadonlyMap<string, number>;
};

/** Metadata have at most 4096 bytes, unless brokers are told otherwise. */
const MOST_KEEPERS = 120;
const KEEPER = /^([\w-]{12}):(\d{1,16})$/;
const NONE = -1n;

/** Reads what was noted of a partition. @throws Fault KAFKA_UNREACHABLE, KAFKA_REFUSED */
export async function readNoted(
  cluster: Cluster,
  group: string,
  topic: string,
  partition: number,
): Promise<Noted | undefined> {
  const [found] = await cluster.ask(
    `asking how far partition ${partition} of topic ${topic} is kept`,
    (admin) =>
      admin.listConsumerGroupOffsets({
        groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes: [partition] }] }],
      }),
  );
  const noted = found?.topics[0]?.partitions[0];
  if (noted === undefined || noted.committedOffset === NONE) return undefined;
  return { offset: Number(noted.committedOffset), keepers: keepersIn(noted.metadata ?? "") };
}

/** The metadata of a note by a keeper, after what was noted before. */
export function metadataOf(before: Noted | undefined, keeper: string, offset: number): string {
  const keepers = new Map(before?.keepers);
  keepers.set(keeperId(keeper), offset);
  return [...keepers]
    .sort(([, one], [, other]) => other - one)
    .slice(0, MOST_KEEPERS)
    .map(([id, upTo]) => `${id}:${upTo}`)
    .join(" ");
}

/** Short, as all keepers of a partition must find room. */
export function keeperId(keeper: string): string {
  return createHash("sha256").update(keeper).digest("base64url").slice(0, 12);
}

/** Anybody with the right to may commit: what does not read as ours says nothing. */
function keepersIn(metadata: string): ReadonlyMap<string, number> {
  const keepers = new Map<string, number>();
  for (const word of metadata.split(" ")) {
    const [, id, offset] = KEEPER.exec(word) ?? [];
    if (id !== undefined) keepers.set(id, Number(offset));
  }
  return keepers;
}
