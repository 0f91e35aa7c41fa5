import { join } from "node:path";
import type { Context } from "../../core/context.ts";
import type { PacketReader, PacketStore } from "../../storage/packets/contract.ts";
import { openPackets, readPackets } from "../../storage/storage.ts";

/** What a thread reads stored packets by; it can be sent to it. */
export type PacketHandle = {
  readonly folder: string;
  /** What packets are encrypted with; undefined: they are not. */
  readonly secret: string | undefined;
};

/** The stored packets of a data folder. */
export type StoredPackets = {
  readonly store: PacketStore;
  readonly handle: PacketHandle;
  /** Bytes at which the oldest packets go. */
  readonly limit: number;
};

const LIMIT = 10e9;

/** Opens the packets of a data folder. Throws Fault FOLDER_UNWRITABLE, DISK_FULL, STORAGE_CORRUPT. */
export function openStored(data: string, context: Context): StoredPackets {
  const folder = join(data, "packets");
  const store = openPackets({ folder, bytes: LIMIT }, context);
  return { store, handle: { folder, secret: undefined }, limit: LIMIT };
}

/** A reader for one query, in the thread that calls. */
export function readStored({ folder, secret }: PacketHandle): PacketReader {
  return readPackets(folder, secret);
}
