import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { PACKET_OVERHEAD } from "../../../pcap/formats/pcapng-kinds.ts";
import { writePcapng } from "../../../pcap/formats/write-pcapng.ts";
import type { CaptureInterface, Packets } from "../../../pcap/packets.ts";
import type { StoredInterface, StoredPackets } from "../../../storage/packets/contract.ts";
import { ROW_BYTES, sortedRows, writeRow } from "./rows-file.ts";
import type { ResultKey } from "./sealed-file.ts";

/** The files of a result, in its folder. */
export const RESULT = {
  packets: "packets.pcapng",
  rows: "rows.index",
  interfaces: "interfaces.json",
} as const;

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
  /** Writes blocks as they come. Each is in the files, and `written` counts it, when the next is asked for. */
  write(blocks: Iterable<StoredPackets>): Promise<void>;
  readonly written: Written;
  /** Puts the packets in order of time and makes all durable. */
  finish(): void;
};

/** Opens the files of a result for writing, in a folder that has none yet. */
export function openResultWriter(folder: string, key: ResultKey): ResultWriter & Disposable {
  const captureFile = openSync(join(folder, RESULT.packets), "w");
  const rowsFile = openSync(join(folder, RESULT.rows), "w");
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
        writeFileSync(`${path}.new`, JSON.stringify(seen));
        renameSync(`${path}.new`, path);
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
    writeSync(rowsFile, rows);
    written.packets += packets.count;
    written.size = position + written.packets * ROW_BYTES;
  };

  return {
    written,
    async write(blocks) {
      let pending: Packets | undefined;
      function* noting(): Generator<Packets> {
        for (const block of blocks) {
          pending = renumber(block);
          yield pending;
          // All that was made of it is written by now.
          note(pending);
        }
      }
      for await (const chunk of writePcapng(noting(), { application: "Metron" })) {
        writeSync(captureFile, key.seal(chunk, position));
        position += chunk.length;
      }
    },
    finish() {
      const path = join(folder, RESULT.rows);
      const sorted = sortedRows(readFileSync(path));
      fsyncSync(captureFile);
      fsyncSync(rowsFile);
      if (sorted === undefined) return;
      writeFileSync(`${path}.new`, sorted, { flush: true });
      renameSync(`${path}.new`, path);
    },
    [Symbol.dispose]() {
      closeSync(captureFile);
      closeSync(rowsFile);
    },
  };
}

/** An interface as the file says it: what captured stands where the interface has no name of its own. */
function named({ capture, ...seen }: StoredInterface): CaptureInterface {
  return { ...seen, name: seen.name ?? capture };
}

function blockBytes(captured: number): number {
  return PACKET_OVERHEAD + captured + (-captured & 3);
}
