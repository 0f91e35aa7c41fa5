import { z } from "zod";
import type { PacketStoreState } from "../../../storage/packets/contract.ts";
import type { Table, TableValue } from "../../../storage/table/contract.ts";

/** What a host said last of its packets. Times of packets are microseconds since 1970, other times epoch milliseconds of its own clock. */
const hostRecord = z.object({
  at: z.number(),
  /** When it was stopped, by somebody who may start it again; null while it runs, or was killed. */
  stoppedAt: z.number().nullable(),
  packets: z.number(),
  segments: z.number(),
  bytes: z.number(),
  limit: z.number(),
  oldest: z.number().nullable(),
  newest: z.number().nullable(),
  days: z.number().nullable(),
  /** What was in a store that is gone: it was not dropped for its age or for want of room. */
  lost: z.object({ at: z.number(), oldest: z.number().nullable(), newest: z.number().nullable() }).nullable(),
});

export type HostRecord = z.output<typeof hostRecord>;

const TYPE = "host";

/** The records of all hosts, by their names. One that cannot be read is of another version, and is left out: asking its host tells. */
export function readHosts(table: Table): ReadonlyMap<string, HostRecord> {
  const found = new Map<string, HostRecord>();
  for (const { key, value } of table.range(TYPE)) {
    const record = hostRecord.safeParse(value);
    if (record.success) found.set(key, record.data);
  }
  return found;
}

export async function writeHost(table: Table, name: string, record: HostRecord): Promise<void> {
  // Plain JSON.
  await table.put(TYPE, name, record as TableValue);
}

export async function forgetHost(table: Table, name: string): Promise<void> {
  await table.delete(TYPE, name);
}

/** What a host says of its packets now, by what it said before. @param wereDropped whether any went for their age, or for want of room, since then */
export function recordOf(
  state: PacketStoreState,
  at: number,
  before: HostRecord | undefined,
  wereDropped: boolean,
): HostRecord {
  const { packets, segments, bytes, limit, oldest = null, newest = null, days = null } = state;
  const isGone = before !== undefined && before.segments > 0 && segments === 0 && !wereDropped;
  const lost = isGone ? { at: before.at, oldest: before.oldest, newest: before.newest } : null;
  return {
    ...{ at, stoppedAt: null, packets, segments, bytes, limit, oldest, newest, days },
    lost: lost ?? before?.lost ?? null,
  };
}
