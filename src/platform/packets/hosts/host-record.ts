import { z } from "zod";
import type { PacketStoreState } from "../../../storage/packets/contract.ts";
import type { Table, TableValue } from "../../../storage/table/contract.ts";

/** When it was last seen, and the times of its packets, null when they are not known. */
const lost = z.object({
  at: z.number(),
  oldest: z.number().nullable(),
  newest: z.number().nullable(),
});

type Lost = z.output<typeof lost>;

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
  /** What was in stores that are gone, all together: it was not dropped for its age or for want of room. */
  lost: lost.nullable(),
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
  const lostBefore = before?.lost ?? null;
  return {
    ...{ at, stoppedAt: null, packets, segments, bytes, limit, oldest, newest, days },
    lost: isGone
      ? both(lostBefore, { at: before.at, oldest: before.oldest, newest: before.newest })
      : lostBefore,
  };
}

/** A later loss does not make an earlier one good. */
function both(one: Lost | null, other: Lost): Lost {
  if (one === null) return other;
  const of = (choose: (...times: number[]) => number, first: number | null, second: number | null) =>
    first === null || second === null ? null : choose(first, second);
  return {
    at: Math.max(one.at, other.at),
    oldest: of(Math.min, one.oldest, other.oldest),
    newest: of(Math.max, one.newest, other.newest),
  };
}
