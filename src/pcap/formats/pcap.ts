import type { CaptureInterface, Packets } from "../packets.ts";
import type { InterfacePlaces } from "./interfaces.ts";
import { longestPacket } from "./limits.ts";
import { type Cursor, more, type Outcome, type Part } from "./part.ts";
import { recordHeaderOf } from "./pcap-variants.ts";
import { formatOf, PCAP_MAGIC } from "./recognise.ts";
import { type CaptureReport, tell } from "./report.ts";

/** Bytes of the header of a file. */
export const FILE_HEADER = 24;

/** What a header says of the packets behind it. */
type Layout = {
  readonly little: boolean;
  /** Whether the fraction of a second counts nanoseconds. */
  readonly nano: boolean;
  readonly recordHeader: number;
  /** Before version 2.4 the two lengths were exchanged: always until 2.2, and by some programs in 2.3. */
  readonly exchanged: "never" | "sometimes" | "always";
  readonly longest: number;
  /** The interface of all its packets, a place in `Packets.seen`. */
  readonly place: number;
};

/**
 * Reads a capture of libpcap's classic format (draft-ietf-opsawg-pcap), in its variants: micro- and nanoseconds, both byte orders, and
 * longer headers of packets.
 */
export function pcapPart(report: CaptureReport, places: InterfacePlaces): Part {
  let layout: Layout | undefined;
  return {
    get record() {
      return layout === undefined ? "header" : "packet";
    },
    read(cursor, packets) {
      if (layout === undefined) {
        if (cursor.end - cursor.at < FILE_HEADER) return more(cursor, FILE_HEADER);
        layout = readHeader(cursor, report, places);
        if (layout === undefined) return "broken";
      }
      return readRecords(layout, cursor, packets, report);
    },
  };
}

function readHeader(cursor: Cursor, report: CaptureReport, places: InterfacePlaces): Layout | undefined {
  const { view, at } = cursor;
  const position = cursor.base + at;
  const little = view.getUint8(at) !== 0xa1;
  const magic = view.getUint32(at, little);
  const major = view.getUint16(at + 4, little);
  const minor = view.getUint16(at + 6, little);
  if (major !== 2 || minor > 4) {
    tell(report, position, `pcap of version ${major}.${minor} is not known here; 2.0 to 2.4 are`);
    return undefined;
  }
  const link = linkOf(view.getUint32(at + 20, little), view.getUint32(at + 16, little));
  const place = places.add(link);
  if (place === undefined) {
    tell(report, position, "the capture has too many different interfaces");
    return undefined;
  }
  cursor.at += FILE_HEADER;
  const longest = longestPacket(link.linkType);
  return {
    little,
    nano: magic === PCAP_MAGIC.nano,
    recordHeader: recordHeaderOf(magic, cursor, little, longest),
    exchanged: minor < 3 ? "always" : minor === 3 ? "sometimes" : "never",
    longest,
    place,
  };
}

/** The last word of a header: a link type in 26 bits, whether the length of a check sequence is known, and that length in units of two bytes. */
export function linkOf(word: number, snapLength: number): CaptureInterface {
  const hasCheckSequence = (word & 0x0400_0000) !== 0;
  return {
    linkType: word & 0x03ff_ffff,
    snapLength,
    ...(hasCheckSequence ? { fcsLength: (word >>> 28) * 2 } : {}),
  };
}

function readRecords(layout: Layout, cursor: Cursor, packets: Packets, report: CaptureReport): Outcome {
  const { little, nano, recordHeader, exchanged, longest, place } = layout;
  const { view, end } = cursor;
  const rows = packets.starts.length;
  let { at } = cursor;
  let row = packets.count;
  let outcome: Outcome | undefined;
  while (outcome === undefined) {
    if (row === rows) {
      outcome = "full";
      break;
    }
    if (end - at < recordHeader) {
      outcome = more(cursor, recordHeader);
      break;
    }
    const seconds = view.getUint32(at, little);
    const fraction = view.getUint32(at + 4, little);
    let captured = view.getUint32(at + 8, little);
    let original = view.getUint32(at + 12, little);
    if (exchanged !== "never" && (exchanged === "always" || captured > original)) {
      [captured, original] = [original, captured];
    }
    // Where another header is in place of a packet's, its time zone of 0 or its byte-order mark is read as this length.
    if (captured > longest || (captured === 0 && mayBeMagic(seconds))) {
      outcome = oddRecord(cursor, at, captured, longest, report);
      if (outcome !== undefined) break;
    }
    const next = at + recordHeader + captured;
    if (next > end) {
      outcome = more(cursor, recordHeader + captured);
      break;
    }
    packets.starts[row] = at + recordHeader;
    packets.captured[row] = captured;
    packets.original[row] = original;
    if (nano) {
      const micros = Math.floor(fraction / 1000);
      packets.micros[row] = seconds * 1e6 + micros;
      packets.nanos[row] = fraction - micros * 1000;
    } else {
      packets.micros[row] = seconds * 1e6 + fraction;
      packets.nanos[row] = 0;
    }
    packets.interfaces[row] = place;
    row++;
    at = next;
  }
  cursor.at = at;
  packets.count = row;
  return outcome;
}

/** Whether a time is perhaps a magic number, all of which begin or end with the same byte. */
function mayBeMagic(seconds: number): boolean {
  return seconds >>> 24 === 0xa1 || (seconds & 0xff) === 0xa1;
}

/** What a record with an odd length is: the header of another capture, an empty packet (undefined), or damage. */
function oddRecord(
  cursor: Cursor,
  at: number,
  captured: number,
  longest: number,
  report: CaptureReport,
): Outcome | undefined {
  const head = cursor.bytes.subarray(at, cursor.end);
  const format = formatOf(head);
  if (format === "pcapng") return "header";
  if (format === "pcap" && captured === 0) {
    // The time of an empty packet in the year 2055 can have the value of the magic number; the version behind it hardly so.
    if (head.length < FILE_HEADER) return more(cursor, FILE_HEADER);
    const little = cursor.view.getUint8(at) !== 0xa1;
    if (cursor.view.getUint16(at + 4, little) === 2) return "header";
  }
  if (captured === 0) return undefined;
  // Nothing marks where packets begin, so there is no safe way to go on. To search for something that looks like a packet would read the
  // captures that packets carry as if they had been captured here.
  tell(
    report,
    cursor.base + at,
    `a packet claims to have ${captured} bytes, more than the ${longest} of its kind of link; reading ends here`,
  );
  return "broken";
}
