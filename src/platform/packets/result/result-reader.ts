import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { emptyPackets, type Packets } from "../../../pcap/packets.ts";
import type { StoredInterface } from "../../../storage/packets/contract.ts";
import { RESULT, type ResultPlace } from "./result-files.ts";
import { ROW_BYTES, type RowEntry, readRow } from "./rows-file.ts";
import { resultKey } from "./sealed-file.ts";

/** Frames that are read in one call when they lie near each other. */
const READ_BYTES = 1 << 20;
const BLOCK_PACKETS = 4096;

/** Reads what a query found so far, in the thread that calls it. */
export type ResultReader = Disposable & {
  /** How many packets there are. */
  readonly count: number;
  readonly interfaces: readonly StoredInterface[];
  /** How many packets there are of each kind of link, by its LINKTYPE number. */
  links(rows: Iterable<number>): ReadonlyMap<number, number>;
  /** Packets by their numbers from 0, in the order given, in blocks; each is valid until the next is asked for. */
  read(rows: Iterable<number>): Generator<Packets>;
};

/** Opens a result. Throws what opening its files throws. */
export function openResultReader({ id, folder, secret, count, hasEnded }: ResultPlace): ResultReader {
  // A query that waits, or only just began, has no files yet.
  if (count === 0)
    return {
      count,
      interfaces: [],
      links: () => new Map(),
      read: noPackets,
      [Symbol.dispose]: () => undefined,
    };
  const key = resultKey(folder, secret, id);
  const captureFile = openSync(join(folder, RESULT.packets), "r");
  const sorted = join(folder, RESULT.sorted);
  const rowsFile = openSync(hasEnded && existsSync(sorted) ? sorted : join(folder, RESULT.rows), "r");
  const interfaces = interfacesOf(folder);

  function* entries(rows: Iterable<number>): Generator<RowEntry> {
    const page = Buffer.alloc(BLOCK_PACKETS * ROW_BYTES);
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
    let first = -1;
    let held = 0;
    for (const row of rows) {
      if (row < 0 || row >= count) continue;
      if (first < 0 || row < first || row >= first + held) {
        first = row;
        const read = readSync(rowsFile, page, 0, page.length, row * ROW_BYTES);
        held = Math.floor(read / ROW_BYTES);
        if (held === 0) return;
      }
      yield readRow(view, row - first);
    }
  }

  return {
    count,
    interfaces,
    links(rows) {
      const counts = new Map<number, number>();
      for (const { seen } of entries(rows)) {
        const link = interfaces[seen]?.linkType;
        if (link !== undefined) counts.set(link, (counts.get(link) ?? 0) + 1);
      }
      return counts;
    },
    *read(rows) {
      let block: RowEntry[] = [];
      let bytes = 0;
      for (const entry of entries(rows)) {
        block.push(entry);
        bytes += entry.captured;
        if (bytes < READ_BYTES && block.length < BLOCK_PACKETS) continue;
        yield load(block, bytes);
        block = [];
        bytes = 0;
      }
      if (block.length > 0) yield load(block, bytes);
    },
    [Symbol.dispose]() {
      closeSync(captureFile);
      closeSync(rowsFile);
    },
  };

  function load(block: readonly RowEntry[], bytes: number): Packets {
    const packets = emptyPackets(block.length, interfaces);
    packets.bytes = new Uint8Array(bytes);
    packets.count = block.length;
    let start = 0;
    for (const [row, entry] of block.entries()) {
      packets.starts[row] = start;
      packets.captured[row] = entry.captured;
      packets.original[row] = entry.original;
      packets.micros[row] = entry.micros;
      packets.nanos[row] = entry.nanos;
      packets.interfaces[row] = entry.seen;
      start += entry.captured;
    }
    for (const { from, to, end } of runsOf(block)) {
      const at = (block[from] as RowEntry).offset;
      const raw = Buffer.alloc(end - at);
      const read = readSync(captureFile, raw, 0, raw.length, at);
      const plain = key.open(raw.subarray(0, read), at);
      for (let row = from; row < to; row++) {
        const { offset, captured } = block[row] as RowEntry;
        packets.bytes.set(plain.subarray(offset - at, offset - at + captured), packets.starts[row] as number);
      }
    }
    return packets;
  }
}

function* noPackets(): Generator<Packets> {}

type Run = { readonly from: number; readonly to: number; readonly end: number };

/** Packets that follow one another closely in the file are read together. */
function runsOf(block: readonly RowEntry[]): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (let row = 1; row <= block.length; row++) {
    const before = block[row - 1] as RowEntry;
    const next = block[row];
    const end = before.offset + before.captured;
    const first = block[from] as RowEntry;
    if (
      next !== undefined &&
      next.offset >= end &&
      next.offset - end < 4096 &&
      next.offset - first.offset < READ_BYTES
    )
      continue;
    runs.push({ from, to: row, end });
    from = row;
  }
  return runs;
}

function interfacesOf(folder: string): StoredInterface[] {
  try {
    return JSON.parse(readFileSync(join(folder, RESULT.interfaces), "utf8")) as StoredInterface[];
  } catch (error) {
    // Written before the first packet.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
