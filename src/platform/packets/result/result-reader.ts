import { constants } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../../../core/fault.ts";
import { emptyPackets, type Packets } from "../../../pcap/packets.ts";
import type { StoredInterface } from "../../../storage/packets/contract.ts";
import { RESULT, type ResultPlace } from "./result-files.ts";
import { ROW_BYTES, type RowEntry, readRow } from "./rows-file.ts";
import { resultKey } from "./sealed-file.ts";

/** Frames that are read in one call when they are near each other. */
const READ_BYTES = 1 << 20;
const BLOCK_PACKETS = 4096;

/** Reads what a query found so far, a block at a time: whoever reads slowly has no more than that in memory. */
export type ResultReader = AsyncDisposable & {
  /** How many packets there are. */
  readonly count: number;
  readonly interfaces: readonly StoredInterface[];
  /** How many packets there are of each kind of link, by its LINKTYPE number. */
  links(rows: Iterable<number>): Promise<ReadonlyMap<number, number>>;
  /** Packets by their numbers from 0, in the order given, in blocks; each is valid until the next is asked for. */
  read(rows: Iterable<number>): AsyncGenerator<Packets>;
};

/** Opens a result. Throws Fault RESULT_EXPIRED where it was removed, and what opening its files throws. */
export async function openResultReader({
  id,
  folder,
  secret,
  count,
  hasEnded,
}: ResultPlace): Promise<ResultReader> {
  // A query that waits, or only just began, has no files yet.
  if (count === 0)
    return {
      count,
      interfaces: [],
      links: async () => new Map(),
      read: noPackets,
      [Symbol.asyncDispose]: async () => undefined,
    };
  const key = await resultKey(folder, secret, id);
  const interfaces = await interfacesOf(folder);
  await using opened = new AsyncDisposableStack();
  const captureFile = opened.use(await openFile(id, join(folder, RESULT.packets)));
  const sorted = hasEnded ? await openIfThere(join(folder, RESULT.sorted)) : undefined;
  const rowsFile = opened.use(sorted ?? (await openFile(id, join(folder, RESULT.rows))));

  /** The entries of rows, as many at a time as are read at once. */
  async function* entries(rows: Iterable<number>): AsyncGenerator<readonly RowEntry[]> {
    const page = Buffer.alloc(BLOCK_PACKETS * ROW_BYTES);
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
    let first = -1;
    let held = 0;
    let found: RowEntry[] = [];
    for (const row of rows) {
      if (row < 0 || row >= count) continue;
      if (first < 0 || row < first || row >= first + held) {
        if (found.length > 0) yield found;
        found = [];
        first = row;
        held = Math.floor((await fill(rowsFile, page, row * ROW_BYTES)) / ROW_BYTES);
        if (held === 0) throw cutOff(id, `packet ${row + 1} of ${count}`);
      }
      found.push(readRow(view, row - first));
    }
    if (found.length > 0) yield found;
  }

  // Both are open: from here on they are the reader's.
  const files = opened.move();
  return {
    count,
    interfaces,
    async links(rows) {
      const counts = new Map<number, number>();
      for await (const found of entries(rows)) {
        for (const { seen } of found) {
          const link = interfaces[seen]?.linkType;
          if (link !== undefined) counts.set(link, (counts.get(link) ?? 0) + 1);
        }
      }
      return counts;
    },
    async *read(rows) {
      let block: RowEntry[] = [];
      let bytes = 0;
      for await (const found of entries(rows)) {
        for (const entry of found) {
          block.push(entry);
          bytes += entry.captured;
          if (bytes < READ_BYTES && block.length < BLOCK_PACKETS) continue;
          yield await load(block, bytes);
          block = [];
          bytes = 0;
        }
      }
      if (block.length > 0) yield await load(block, bytes);
    },
    [Symbol.asyncDispose]: () => files.disposeAsync(),
  };

  async function load(block: readonly RowEntry[], bytes: number): Promise<Packets> {
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
      if ((await fill(captureFile, raw, at)) < raw.length) throw cutOff(id, `byte ${end} of its packets`);
      const plain = key.open(raw, at);
      for (let row = from; row < to; row++) {
        const { offset, captured } = block[row] as RowEntry;
        packets.bytes.set(plain.subarray(offset - at, offset - at + captured), packets.starts[row] as number);
      }
    }
    return packets;
  }
}

async function* noPackets(): AsyncGenerator<Packets> {}

/** Opens a file that is there as long as the result is. */
async function openFile(id: string, path: string): Promise<FileHandle> {
  const file = await openIfThere(path);
  if (file !== undefined) return file;
  throw new Fault(
    "RESULT_EXPIRED",
    `reading what query ${id} found: it was removed meanwhile, or has expired`,
  );
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Reads until a buffer is full or the file ends; returns how many bytes there are. */
async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

function cutOff(id: string, place: string): Fault {
  return new Fault(
    "INPUT_UNREADABLE",
    `reading what query ${id} found: its files end before ${place}; ask again for these packets`,
  );
}

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

async function interfacesOf(folder: string): Promise<StoredInterface[]> {
  try {
    return JSON.parse(await readFile(join(folder, RESULT.interfaces), "utf8")) as StoredInterface[];
  } catch (error) {
    // Written before the first packet.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
