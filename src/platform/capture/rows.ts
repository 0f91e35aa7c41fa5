import { emptyPackets, type Packets } from "../../pcap/packets.ts";

/** The packets of these rows, over the same bytes. */
export function packetsAt(packets: Packets, rows: readonly number[]): Packets {
  const chosen = emptyPackets(rows.length, packets.seen);
  chosen.bytes = packets.bytes;
  chosen.count = rows.length;
  for (const [to, from] of rows.entries()) {
    chosen.starts[to] = packets.starts[from]!;
    chosen.captured[to] = packets.captured[from]!;
    chosen.original[to] = packets.original[from]!;
    chosen.micros[to] = packets.micros[from]!;
    chosen.nanos[to] = packets.nanos[from]!;
    chosen.interfaces[to] = packets.interfaces[from]!;
  }
  return chosen;
}

/** The packets from a row on. */
export function packetsFrom(packets: Packets, first: number): Packets {
  const rows = Array.from({ length: Math.max(0, packets.count - first) }, (_, row) => first + row);
  return packetsAt(packets, rows);
}

/** The same packets, of each no more than so many bytes. */
export function shortenedTo(packets: Packets, bytes: number): Packets {
  const captured = packets.captured.map((length) => Math.min(length, bytes));
  return { ...packets, captured };
}

/** Captured bytes of all packets. */
export function capturedBytes({ captured, count }: Packets): number {
  let bytes = 0;
  for (let row = 0; row < count; row++) bytes += captured[row]!;
  return bytes;
}
