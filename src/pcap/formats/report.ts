import type { CaptureInterface, Packets } from "../packets.ts";
import type { CaptureFormat, Packing } from "./recognise.ts";

/**
 * What there is to say about a capture besides its packets. It is true at any time while the capture is read, and complete at its end.
 * Positions and sizes count bytes of the capture without its gzip or zstd.
 */
export type CaptureReport = {
  /** The format of the first part; undefined until it is known, and when the bytes are no capture. */
  format: CaptureFormat | undefined;
  packing: Packing | undefined;
  /** How many captures follow one another: files joined to one, and sections of pcapng. */
  parts: number;
  /** Bytes taken in. */
  bytes: number;
  packets: number;
  /** Bytes of packets: those captured, and those there were on the wire. */
  capturedBytes: number;
  originalBytes: number;
  /** Packets of which less was captured than there was, and those of which more was captured than they say there was. */
  cut: number;
  overlong: number;
  /** Packets that are earlier than the packet before them, and the largest step back in microseconds. */
  backwards: number;
  largestStepBack: number;
  /** Packets that have no time, or one that no clock shows. They get the time of the packet before them. */
  timeless: number;
  /** The first and the last moment, in microseconds since 1970; undefined without packets. */
  earliest: number | undefined;
  latest: number | undefined;
  /** The time of the last packet so far. */
  last: { micros: number; nanos: number };
  /** Packets that are in the capture and could not be read. */
  unreadable: number;
  /** Packets that the capturing program says it lost, by interface; and those it says were lost between two packets. */
  dropped: number[];
  droppedBetween: number;
  interfaces: CaptureInterface[];
  /** Blocks of pcapng that hold no packets and were passed over, by kind. */
  skipped: Map<string, number>;
  /** Notes about the whole capture and the program that wrote it; notes about single packets are only counted. */
  comments: string[];
  application: string | undefined;
  packetComments: number;
  /** Names of addresses that the capture brings with it. */
  names: ResolvedName[];
  /** Keys with which its connections can be decrypted, and their bytes together. */
  secrets: Secrets[];
  secretBytes: number;
  /** The first problems, and how many there were. */
  problems: Problem[];
  problemCount: number;
  /** Bytes of damaged places, and of all that is behind the place where reading had to stop. */
  unread: number;
};

export type ResolvedName = { readonly address: string; readonly names: readonly string[] };

/** A block of decryption secrets: `type` is a number of the pcapng specification, such as 0x544c534b for a TLS key log. */
export type Secrets = { readonly type: number; readonly bytes: Uint8Array };

/** Something that is wrong in a capture, at a byte of it. */
type Problem = { readonly at: number; readonly text: string };

/** A damaged capture can have a problem in each block; the first ones tell what happened. */
const PROBLEMS_KEPT = 100;
const KINDS_TOLD = 50;

/** The report of a capture of which nothing was read. */
export function newReport(): CaptureReport {
  return {
    format: undefined,
    packing: undefined,
    parts: 0,
    bytes: 0,
    packets: 0,
    capturedBytes: 0,
    originalBytes: 0,
    cut: 0,
    overlong: 0,
    backwards: 0,
    largestStepBack: 0,
    timeless: 0,
    earliest: undefined,
    latest: undefined,
    last: { micros: 0, nanos: 0 },
    unreadable: 0,
    dropped: [],
    droppedBetween: 0,
    interfaces: [],
    skipped: new Map(),
    comments: [],
    application: undefined,
    packetComments: 0,
    names: [],
    secrets: [],
    secretBytes: 0,
    problems: [],
    problemCount: 0,
    unread: 0,
  };
}

/** Notes a problem at byte `at` of the capture. */
export function tell(report: CaptureReport, at: number, text: string): void {
  report.problemCount++;
  if (report.problems.length < PROBLEMS_KEPT) report.problems.push({ at, text });
}

/** Counts a block that was passed over. */
export function countSkipped({ skipped }: CaptureReport, kind: string): void {
  const name = skipped.has(kind) || skipped.size < KINDS_TOLD ? kind : "others";
  skipped.set(name, (skipped.get(name) ?? 0) + 1);
}

/** Counts the packets of a block. */
export function account(report: CaptureReport, packets: Packets): void {
  const { count, captured, original, micros, nanos } = packets;
  let { micros: lastMicros, nanos: lastNanos } = report.last;
  let earliest = report.earliest ?? Number.POSITIVE_INFINITY;
  let latest = report.latest ?? Number.NEGATIVE_INFINITY;
  for (let row = 0; row < count; row++) {
    const length = captured[row]!;
    const wire = original[row]!;
    report.capturedBytes += length;
    report.originalBytes += wire;
    if (length < wire) report.cut++;
    else if (length > wire) report.overlong++;
    const time = micros[row]!;
    const fraction = nanos[row]!;
    if (time < lastMicros || (time === lastMicros && fraction < lastNanos)) {
      report.backwards++;
      report.largestStepBack = Math.max(report.largestStepBack, lastMicros - time);
    }
    lastMicros = time;
    lastNanos = fraction;
    if (time < earliest) earliest = time;
    if (time > latest) latest = time;
  }
  report.packets += count;
  if (count > 0) {
    report.earliest = earliest;
    report.latest = latest;
  }
  report.last.micros = lastMicros;
  report.last.nanos = lastNanos;
}
