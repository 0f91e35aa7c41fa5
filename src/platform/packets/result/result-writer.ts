import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { PACKET_OVERHEAD } from "../../../pcap/formats/pcapng-kinds.ts";
import { writePcapng } from "../../../pcap/formats/write-pcapng.ts";
import type { CaptureInterface, Packets } from "../../../pcap/packets.ts";
import { writeFault } from "../../../storage/folder.ts";
import type { StoredInterface, StoredPackets } from "../../../storage/packets/contract.ts";
import { RESULT, type ResultPlace } from "./result-files.ts";
import { ROW_BYTES, sortedRows, writeRow } from "./rows-file.ts";
import { newResultKey } from "./sealed-file.ts";

/** A packet's block has its frame behind 28 bytes, and the length of all again at its end. */
const BEFORE_FRAME = 28;
/** Interfaces have 16 bits; what is of more is written as of the last. */
const MOST_INTERFACES = 65_535;

/** What was written so far. */
export type Written = {
  readonly packets: number;
  /** Bytes of frames, and of the result's files. */
  readonly bytes: number;
  readonly size: number;
  /** Microseconds since 1970; undefined while there are none. */
  readonly first: number | undefined;
  readonly last: number | undefined;
};

/** Writes what a query finds, block by block: a pcapng file, and the index of its packets. */
export type ResultWriter = {
  /**
   * Writes blocks as they come. Each is in the files, and `written` counts it, when the next is asked for.
   * @throws Fault DISK_FULL, FOLDER_UNWRITABLE
   */
  write(blocks: AsyncIterable<StoredPackets> | Iterable<StoredPackets>): Promise<void>;
  readonly written: Written;
  /** Puts the packets in order of time and makes all durable. Throws Fault DISK_FULL, FOLDER_UNWRITABLE. */
  finish(): void;
};

/**
 * Opens the files of a result for writing, in a folder that has none yet.
 * @throws Fault DISK_FULL, FOLDER_UNWRITABLE
 */
export function openResultWriter({
  id,
  folder,
  secret,
}: Pick<ResultPlace, "id" | "folder" | "secret">): ResultWriter & Disposable {
  const writing = <Result>(write: () => Result): Result => {
    try {
      return write();
    } catch (error) {
      throw writeFault(`writing what a query finds to ${folder}`, error);
    }
  };
  const key = writing(() => newResultKey(folder, secret, id));
  const captureFile = writing(() => openSync(join(folder, RESULT.packets), "w"));
  const rowsFile = writing(() => openSync(join(folder, RESULT.rows), "w"));
  const places = new Map<string, number>();
  const seen: StoredInterface[] = [];
  const written = { packets: 0, bytes: 0, size: 0, first: undefined, last: undefined } as {
    -readonly [Key in keyof Written]: Written[Key];
  };
  let position = 0;

  /** The place of an interface in the result: the same one in several segments is one. */
  const placeOf = (each: StoredInterface): number => {
    const name = JSON.stringify(each);
    let place = places.get(name);
    if (place === undefined) {
      place = Math.min(seen.length, MOST_INTERFACES - 1);
      places.set(name, place);
      if (place === seen.length) {
        seen.push(each);
        // Whoever reads meanwhile finds it as a whole, or as it was.
        const path = join(folder, RESULT.interfaces);
        writing(() => {
          writeFileSync(`${path}.new`, JSON.stringify(seen));
          renameSync(`${path}.new`, path);
        });
      }
    }
    return place;
  };

  const renumber = (packets: StoredPackets): Packets => {
    const numbers: number[] = [];
    const interfaces = new Uint16Array(packets.count);
    for (let row = 0; row < packets.count; row++) {
      const from = packets.interfaces[row] as number;
      numbers[from] ??= placeOf(packets.seen[from] as StoredInterface);
      interfaces[row] = numbers[from] as number;
    }
    return { ...packets, interfaces, seen: seen.map(named) };
  };

  /** Notes the packets of a block whose last byte was just written. */
  const note = (packets: Packets): void => {
    const rows = Buffer.alloc(packets.count * ROW_BYTES);
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    let length = 0;
    for (let row = 0; row < packets.count; row++) length += blockBytes(packets.captured[row] as number);
    let at = position - length;
    for (let row = 0; row < packets.count; row++) {
      const captured = packets.captured[row] as number;
      const micros = packets.micros[row] as number;
      writeRow(view, row, {
        offset: at + BEFORE_FRAME,
        captured,
        original: packets.original[row] as number,
        micros,
        nanos: packets.nanos[row] as number,
        seen: packets.interfaces[row] as number,
      });
      at += blockBytes(captured);
      written.bytes += captured;
      written.first = Math.min(written.first ?? micros, micros);
      written.last = Math.max(written.last ?? micros, micros);
    }
    writing(() => writeAll(rowsFile, rows));
    written.packets += packets.count;
    written.size = position + written.packets * ROW_BYTES;
  };

  return {
    written,
    async write(blocks) {
      let pending: Packets | undefined;
      async function* noting(): AsyncGenerator<Packets> {
        for await (const block of blocks) {
          pending = renumber(block);
          yield pending;
          // All that was made of it is written by now.
          note(pending);
        }
      }
      for await (const chunk of writePcapng(noting(), { application: "Metron" })) {
        const sealed = key.seal(chunk, position);
        writing(() => writeAll(captureFile, sealed));
        position += chunk.length;
      }
    },
    finish() {
      writing(() => {
        fsyncSync(captureFile);
        fsyncSync(rowsFile);
        const rows = sortedRows(readFileSync(join(folder, RESULT.rows)));
        if (rows === undefined) return;
        const path = join(folder, RESULT.sorted);
        writeFileSync(`${path}.new`, rows, { flush: true });
        renameSync(`${path}.new`, path);
        written.size += rows.length;
      });
    },
    [Symbol.dispose]() {
      closeSync(captureFile);
      closeSync(rowsFile);
    },
  };
}

/** Writes all: a call may write a part, on a disk that becomes full. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** An interface as the file names it. One without a name of its own is called after what captured it. */
function named({ capture, ...seen }: StoredInterface): CaptureInterface {
  return { ...seen, name: seen.name ?? capture };
}

function blockBytes(captured: number): number {
  return PACKET_OVERHEAD + captured + (-captured & 3);
}
