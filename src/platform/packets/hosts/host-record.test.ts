import { expect, test } from "vitest";
import type { PacketStoreState } from "../../../storage/packets/contract.ts";
import { type HostRecord, recordOf } from "./host-record.ts";
import { EMPTY } from "./testing/empty.ts";

const full = (oldest: number | undefined, newest: number | undefined): PacketStoreState => ({
  ...EMPTY,
  ...{ segments: 1, packets: 1, oldest, newest },
});

/** What is known as lost after a host had these packets one after another, each gone before the next came. */
function lostOf(...stores: readonly PacketStoreState[]): HostRecord["lost"] {
  let record: HostRecord | undefined;
  for (const [index, store] of stores.entries()) {
    record = recordOf(store, 10 * index, record, false);
    record = recordOf(EMPTY, 10 * index + 5, record, false);
  }
  return record?.lost ?? null;
}

test.each([
  { stores: [full(100, 200)], lost: { at: 0, oldest: 100, newest: 200 } },
  { stores: [full(100, 200), full(500, 600)], lost: { at: 10, oldest: 100, newest: 600 } },
  { stores: [full(500, 600), full(100, 200), full(300, 900)], lost: { at: 20, oldest: 100, newest: 900 } },
  { stores: [full(undefined, undefined), full(100, 200)], lost: { at: 10, oldest: null, newest: null } },
])("stores that are gone are missed together: $lost", ({ stores, lost }) => {
  expect(lostOf(...stores)).toEqual(lost);
});

test("packets that were dropped for their age are not lost, and what was lost before still is", () => {
  const dropped = recordOf(EMPTY, 5, recordOf(full(1, 2), 0, undefined, false), true);
  expect(dropped.lost).toBeNull();
  const lost = recordOf(EMPTY, 5, recordOf(full(1, 2), 0, undefined, false), false);
  const after = recordOf(EMPTY, 9, recordOf(full(3, 4), 7, lost, false), true);
  expect(after.lost).toEqual({ at: 0, oldest: 1, newest: 2 });
});
