import type { Block } from "../../core/block.ts";
import { Fault } from "../../core/fault.ts";
import type { Topic, TopicReader } from "../../storage/topic/contract.ts";

/** Records of one filler. */
const FILLER = 100_000;
/** What stands in place of records that are gone arrived when no record did, which retention tells from them. */
const BEFORE_ALL = 0;
/** Epoch milliseconds before which only fillers arrived. */
export const FIRST_ARRIVAL = 1000;

/** What was moved of a partition. */
type MovedPartition = { readonly partition: number; readonly start: number; readonly end: number };

/**
 * Copies the records of a topic, so that each has the offset and the arrival that it had: its messages keep their guids. How far
 * it is follows from where the copy ends, so it goes on there after a kill. Where retention had removed the first records, empty ones
 * take their places, which retention of the copy removes again.
 * @param group whose place among the records is moved too, and which holds them
 * @param onRecords told how many more were copied
 * @throws Fault MIGRATION_CONFLICT when somebody else writes to the copy
 */
export async function moveTopic(
  { from, to, group }: { readonly from: TopicReader; readonly to: Topic; readonly group: string },
  onRecords: (count: number) => void,
): Promise<MovedPartition[]> {
  const moved: MovedPartition[] = [];
  for (let partition = 0; partition < from.partitions; partition++) {
    const [start, end] = [await from.start(partition), await from.end(partition)];
    let next = await to.end(partition);
    if (next > end) throw conflict(to, partition, `it ends at ${next}, and the original at ${end}`);
    while (next < start) next = await append(to, partition, next, filler(Math.min(FILLER, start - next)));
    if (next < end)
      for await (const { block, position } of from.read(partition, next, { follow: false })) {
        if (position.offset !== next)
          throw new Fault(
            "STORAGE_CORRUPT",
            `reading topic ${from.name}: record ${next} of partition ${partition} is gone`,
          );
        next = await append(to, partition, next, block);
        onRecords(block.ends.length);
        if (next >= end) break;
      }
    await to.commit(group, partition, Math.max(start, (await from.committed(group, partition)) ?? start));
    moved.push({ partition, start, end });
  }
  await to.hold(group);
  await to.retain();
  for (const { partition, start, end } of moved) {
    const [first, last] = [await to.start(partition), await to.end(partition)];
    if (first !== start || last !== end)
      throw conflict(
        to,
        partition,
        `it has records ${first} to ${last}, and the original ${start} to ${end}`,
      );
  }
  return moved;
}

async function append(to: Topic, partition: number, expected: number, block: Block): Promise<number> {
  const offset = await to.append(partition, block);
  if (offset !== expected) throw conflict(to, partition, `record ${expected} got offset ${offset}`);
  return offset + block.ends.length;
}

function filler(records: number): Block {
  return { bytes: new Uint8Array(0), ends: new Uint32Array(records), arrival: BEFORE_ALL };
}

function conflict({ name }: Topic, partition: number, reason: string): Fault {
  return new Fault("MIGRATION_CONFLICT", `moving topic ${name}, partition ${partition}: ${reason}`);
}
