import { allocateBytes } from "../../core/text.ts";
import { emptyPackets, type Packets } from "../packets.ts";
import { interfacePlaces } from "./interfaces.ts";
import { FULL } from "./limits.ts";
import type { Cursor, Part } from "./part.ts";
import { pcapPart } from "./pcap.ts";
import { pcapngPart } from "./pcapng.ts";
import { type CaptureFormat, FORMAT_BYTES, formatOf, recognise } from "./recognise.ts";
import { account, type CaptureReport, newReport, tell } from "./report.ts";
import { sequencePart } from "./sequence-file.ts";

/** Long packets make blocks longer than `FULL`. The first ones are shorter: small captures take little, and packets appear soon. */
const FIRST_BYTES = 65_536;

/**
 * Takes the bytes of a capture in chunks of any size and makes blocks of packets. Every byte is copied once, into the block. A block is
 * valid until the next one is asked for. What it takes never throws: all that is wrong with a capture is in `report`.
 */
export type CaptureReader = {
  readonly report: CaptureReport;
  /** Takes the next bytes, and makes the blocks that they fill. Bytes are taken while the blocks are asked for: all of them must be. */
  push(bytes: Uint8Array): Iterable<Packets>;
  /** Makes blocks of the packets that wait for a block to be full: for captures that come slowly. */
  flush(): Iterable<Packets>;
  /** The same at the end of the capture. */
  end(): Iterable<Packets>;
};

/** Opens a reader for pcap, pcapng or sequence files, or several of them one after another, without gzip or zstd. */
export function captureReader(report: CaptureReport = newReport()): CaptureReader {
  const packets = emptyPackets(FULL.rows, report.interfaces);
  const places = interfacePlaces(report);
  const openers: Record<CaptureFormat, () => Part> = {
    pcap: () => pcapPart(report, places),
    pcapng: () => pcapngPart(report, places),
    "sequence file": () => sequencePart(report, places),
  };
  let cursor = emptyCursor(FIRST_BYTES);
  let part: Part | undefined;
  let isStopped = false;

  function* read(isEnd: boolean): Generator<Packets> {
    while (!isStopped && cursor.at <= cursor.end) {
      part ??= openPart(isEnd);
      if (part === undefined) return;
      packets.bytes = cursor.bytes;
      packets.count = 0;
      const outcome = part.read(cursor, packets);
      if (packets.count > 0) {
        account(report, packets);
        yield packets;
      }
      if (outcome === "more") return;
      if (outcome === "header") part = undefined;
      if (outcome === "broken") stop();
    }
  }

  /** Opens the part that begins at the cursor; undefined when nothing is there yet, or nothing that is read here. */
  function openPart(isEnd: boolean): Part | undefined {
    const head = cursor.bytes.subarray(cursor.at, cursor.end);
    if (head.length < FORMAT_BYTES && !isEnd) return undefined;
    const format = formatOf(head);
    if (format === undefined) {
      tell(report, cursor.base + cursor.at, whatItIs(head));
      stop();
      return undefined;
    }
    report.format ??= format;
    report.parts++;
    places.begin();
    return openers[format]();
  }

  function stop(): void {
    isStopped = true;
    report.unread += cursor.end - cursor.at;
    part = undefined;
  }

  /** Drops what was read, and makes room for what is wanted. Memory grows with the bytes that are there, not with those that are claimed. */
  function makeRoom(): void {
    const { bytes, at, end } = cursor;
    const kept = Math.max(0, end - at);
    const isTooSmall = kept === bytes.length || (end === bytes.length && end < FULL.bytes);
    const next = isTooSmall ? emptyCursor(bytes.length * 2) : cursor;
    next.bytes.set(bytes.subarray(end - kept, end));
    next.base = cursor.base + end - kept;
    next.at = Math.max(0, at - end);
    next.end = kept;
    cursor = next;
  }

  return {
    report,
    *push(chunk) {
      report.bytes += chunk.length;
      let taken = 0;
      while (taken < chunk.length && !isStopped) {
        // What is passed over is not copied.
        const passed = Math.min(chunk.length - taken, Math.max(0, cursor.at - cursor.end));
        if (passed > 0) {
          cursor.base += cursor.end + passed;
          cursor.at -= cursor.end + passed;
          cursor.end = 0;
          taken += passed;
          continue;
        }
        const length = Math.min(chunk.length - taken, cursor.bytes.length - cursor.end);
        cursor.bytes.set(chunk.subarray(taken, taken + length), cursor.end);
        cursor.end += length;
        taken += length;
        if (cursor.end === cursor.bytes.length) {
          yield* read(false);
          makeRoom();
        }
      }
      report.unread += chunk.length - taken;
    },
    *flush() {
      yield* read(false);
      makeRoom();
    },
    *end() {
      yield* read(true);
      if (!isStopped) tellIncomplete(report, cursor, part);
      isStopped = true;
    },
  };
}

function emptyCursor(length: number): Cursor {
  const bytes = allocateBytes(length);
  return { bytes, view: new DataView(bytes.buffer), at: 0, end: 0, base: 0, wanted: 0 };
}

function tellIncomplete(report: CaptureReport, cursor: Cursor, part: Part | undefined): void {
  const { at, end, base, wanted } = cursor;
  const rest = end - at;
  if (rest === 0) return;
  if (rest < 0) {
    tell(
      report,
      base + end,
      `the capture ends here, ${-rest} bytes before the end of the ${part?.record} that it is in`,
    );
    return;
  }
  report.unread += rest;
  tell(
    report,
    base + at,
    `the capture ends inside of this ${part?.record}: ${rest} of ${wanted} bytes are there`,
  );
}

function whatItIs(head: Uint8Array): string {
  const recognised = recognise(head);
  if (recognised.kind === "foreign") return recognised.advice;
  if (head.length === 0) return "the capture is empty: it has 0 bytes";
  const start = [...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `no capture begins here: the bytes are ${start}; pcap, pcapng and sequence files are read`;
}
