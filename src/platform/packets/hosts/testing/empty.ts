import type { PacketStoreState } from "../../../../storage/packets/contract.ts";

/** A store without packets. */
export const EMPTY: PacketStoreState = {
  ...{ segments: 0, bytes: 0, limit: 100, indexBytes: 0, indexedBytes: 0, packets: 0 },
  ...{ oldest: undefined, newest: undefined, bytesPerSecond: 0, days: undefined },
  dropped: { segments: 0, packets: 0, bytes: 0 },
};
