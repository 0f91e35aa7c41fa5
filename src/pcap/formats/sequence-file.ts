import type { Packets } from "../packets.ts";
import { type Clock, stamp } from "./clock.ts";
import type { InterfacePlaces } from "./interfaces.ts";
import { BLOCK_LIMIT } from "./limits.ts";
import { type OnePacketReader, onePacketReader } from "./one-packet.ts";
import { type Cursor, more, type Outcome, type Part } from "./part.ts";
import { type CaptureReport, tell } from "./report.ts";

/** Longest header that is believed: names of classes and metadata. */
const LONGEST_HEADER = 65_536;
const SYNC = 16;
/** A record length of -1 says that the sync marker follows. */
const ESCAPE = 0xffff_ffff;
const LONGEST_RECORD = BLOCK_LIMIT.usual;
const NANOSECOND_CLOCK: Clock = { base: 10, exponent: 9, offset: 0 };

/**
 * Reads a Hadoop sequence file of the original's packet store: uncompressed, keys LongWritable (nanoseconds since 1970) or IntWritable
 * (a number without meaning), values BytesWritable with a pcap capture of one packet. Format: Hadoop's `SequenceFile`, versions 4 to 6.
 */
export function sequencePart(report: CaptureReport, places: InterfacePlaces): Part {
  const readPacket = onePacketReader(places);
  let header: Header | undefined;
  let isLost = false;
  return {
    record: "record",
    read(cursor, packets) {
      if (header === undefined) {
        const opened = readHeader(cursor);
        if (opened === "more") {
          const there = cursor.end - cursor.at;
          if (there < LONGEST_HEADER) return more(cursor, there + 1);
        }
        if (typeof opened === "string") {
          const why = opened === "more" ? "its header has no end" : opened;
          tell(report, cursor.base + cursor.at, `this sequence file is not read here: ${why}`);
          return "broken";
        }
        header = opened;
      }
      for (;;) {
        if (isLost && !findSync(header, cursor, report)) return more(cursor, SYNC + 4);
        isLost = false;
        const outcome = readRecords(header, cursor, packets, readPacket, report);
        if (outcome !== "lost") return outcome;
        // The marker that comes now and then in these files is there to go on after damage.
        isLost = true;
        report.unread++;
        cursor.at++;
      }
    },
  };
}

type Header = { readonly hasTime: boolean; readonly sync: Uint8Array };

/** The header, "more" when it is not complete, or a sentence about what is not read. */
function readHeader(cursor: Cursor): Header | string {
  const { bytes, view, end } = cursor;
  let at = cursor.at + 3;
  let isComplete = true;
  const take = (length: number) => {
    const start = at;
    at += length;
    isComplete &&= length >= 0 && at <= end;
    return start;
  };
  const word = () => {
    const start = take(4);
    return isComplete ? view.getInt32(start) : 0;
  };
  const byte = () => {
    const start = take(1);
    return isComplete ? view.getInt8(start) : 0;
  };
  // Lengths of names are Hadoop's variable integers, of which those up to 127 are one byte and those up to 255 two.
  const name = () => {
    const first = byte();
    const length = first === -113 ? byte() & 0xff : first;
    const start = take(length);
    return isComplete ? String.fromCharCode(...bytes.subarray(start, at)) : "";
  };
  const version = byte();
  const key = name();
  const value = name();
  const isPacked = byte() !== 0;
  const isPackedByBlock = version >= 4 && byte() !== 0;
  if (isComplete && (version < 4 || version > 6)) return `it is of version ${version}; 4 to 6 are read`;
  if (isComplete && (isPacked || isPackedByBlock))
    return "it is compressed; write it again without compression";
  const pairs = version >= 6 ? word() : 0;
  for (let pair = 0; pair < pairs && isComplete; pair++) {
    name();
    name();
  }
  const syncAt = take(SYNC);
  if (!isComplete) return "more";
  if (!value.endsWith(".BytesWritable")) return `its values are ${value}, and packets are BytesWritable`;
  cursor.at = at;
  return {
    hasTime: key.endsWith(".LongWritable"),
    sync: Uint8Array.from(bytes.subarray(syncAt, syncAt + SYNC)),
  };
}

function readRecords(
  header: Header,
  cursor: Cursor,
  packets: Packets,
  readPacket: OnePacketReader,
  report: CaptureReport,
): Outcome | "lost" {
  const { view, end } = cursor;
  for (;;) {
    const { at } = cursor;
    if (packets.count === packets.starts.length) return "full";
    if (end - at < 8) return more(cursor, 8);
    const length = view.getUint32(at);
    if (length === ESCAPE) {
      if (end - at < 4 + SYNC) return more(cursor, 4 + SYNC);
      if (!isSync(header, cursor, at + 4)) {
        tell(
          report,
          cursor.base + at,
          "the marker between records is wrong; reading goes on at the next one",
        );
        return "lost";
      }
      cursor.at += 4 + SYNC;
      continue;
    }
    const keyLength = view.getUint32(at + 4);
    if (length > LONGEST_RECORD || keyLength + 4 > length) {
      const what = `a record claims to have ${length} bytes with a key of ${keyLength}`;
      tell(report, cursor.base + at, `${what}; reading goes on behind the next marker`);
      return "lost";
    }
    if (end - at < 8 + length) return more(cursor, 8 + length);
    readRecord(header, cursor, keyLength, length, packets, readPacket, report);
    cursor.at += 8 + length;
  }
}

function readRecord(
  header: Header,
  cursor: Cursor,
  keyLength: number,
  length: number,
  packets: Packets,
  readPacket: OnePacketReader,
  report: CaptureReport,
): void {
  const { view, at } = cursor;
  const value = at + 8 + keyLength + 4;
  const size = view.getUint32(value - 4);
  const row = packets.count;
  const why =
    size === length - keyLength - 4
      ? readPacket(view, value, value + size, packets)
      : `claims to have ${size} bytes and has ${length - keyLength - 4}`;
  if (why !== undefined) {
    report.unreadable++;
    tell(report, cursor.base + at, `the value of a record ${why}; it is left out`);
    return;
  }
  // The key has the nanoseconds that the header of the packet does not show, as long as both mean the same moment.
  if (header.hasTime && keyLength === 8 && packets.nanos[row] === 0) {
    const micros = packets.micros[row]!;
    stamp(NANOSECOND_CLOCK, view.getUint32(at + 8), view.getUint32(at + 12), packets, row);
    if (packets.micros[row] !== micros) {
      packets.micros[row] = micros;
      packets.nanos[row] = 0;
    }
  }
}

/** Moves the cursor to the next marker, or to where one may begin that is not complete. */
function findSync(header: Header, cursor: Cursor, report: CaptureReport): boolean {
  const { bytes, end } = cursor;
  let { at } = cursor;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at > end) at = end;
    if (end - at < 4 + SYNC) break;
    if (cursor.view.getUint32(at) === ESCAPE && isSync(header, cursor, at + 4)) break;
    at++;
  }
  report.unread += at - cursor.at;
  cursor.at = at;
  return end - at >= 4 + SYNC;
}

function isSync({ sync }: Header, { bytes }: Cursor, at: number): boolean {
  return sync.every((byte, index) => bytes[at + index] === byte);
}
