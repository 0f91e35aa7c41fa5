import type { Packets } from "../packets.ts";
import { type Clock, stamp } from "./clock.ts";
import type { InterfacePlaces } from "./interfaces.ts";
import { BLOCK_LIMIT, longestPacket, MAX_INTERFACES } from "./limits.ts";
import { type Cursor, more, type Outcome, type Part } from "./part.ts";
import { BLOCK, BYTE_ORDER_MAGIC, kindOf, PACKET_OVERHEAD, SMALLEST } from "./pcapng-kinds.ts";
import { keepDropped, keepNames, keepSecrets, keepSection } from "./pcapng-notes.ts";
import { type Options, readInterface, visitOptions, wide } from "./pcapng-options.ts";
import { formatOf } from "./recognise.ts";
import { type CaptureReport, countSkipped, tell } from "./report.ts";

type SectionInterface = {
  /** The place in `Packets.seen`; undefined when there is no room for more. */
  readonly place: number | undefined;
  readonly snapLength: number;
  readonly longest: number;
  readonly clock: Clock;
};

/** One section of a pcapng capture, from its header to the next. */
type Section = {
  readonly little: boolean;
  readonly interfaces: SectionInterface[];
  readonly places: InterfacePlaces;
  readonly report: CaptureReport;
  /** The longest block that is read whole; longer ones are passed over. */
  longestBlock: number;
};

/** Reads a section of a pcapng capture. The next section is another part, because its byte order and interfaces are its own. */
export function pcapngPart(report: CaptureReport, places: InterfacePlaces): Part {
  let section: Section | undefined;
  return {
    record: "block",
    read(cursor, packets) {
      if (section === undefined) {
        const opened = openSection(cursor, report, places);
        if (typeof opened === "string") return opened;
        section = opened;
      }
      return readBlocks(section, cursor, packets);
    },
  };
}

function openSection(cursor: Cursor, report: CaptureReport, places: InterfacePlaces): Section | Outcome {
  const { view, at, end } = cursor;
  if (end - at < 28) return more(cursor, 28);
  const little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
  const length = view.getUint32(at + 4, little);
  const position = cursor.base + at;
  if (length < 28 || length % 4 !== 0 || length > BLOCK_LIMIT.usual) {
    tell(report, position, `a section header claims to have ${length} bytes; reading ends here`);
    return "broken";
  }
  if (end - at < length) return more(cursor, length);
  const major = view.getUint16(at + 12, little);
  if (major !== 1) {
    const version = `${major}.${view.getUint16(at + 14, little)}`;
    tell(report, position, `pcapng of version ${version} is not known here; 1.0 and 1.2 are`);
    return "broken";
  }
  const section: Section = { little, interfaces: [], places, report, longestBlock: BLOCK_LIMIT.usual };
  keepSection(optionsOf(section, cursor, 24, length), report);
  cursor.at += length;
  return section;
}

function readBlocks(section: Section, cursor: Cursor, packets: Packets): Outcome {
  const { little, report } = section;
  const { view, end } = cursor;
  const rows = packets.starts.length;
  for (;;) {
    if (packets.count === rows) return "full";
    const { at } = cursor;
    if (end - at < 8) return more(cursor, 12);
    const type = view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    if (type === BLOCK.section) return "header";
    const smallest = type === BLOCK.packet ? PACKET_OVERHEAD : SMALLEST.get(type);
    if (smallest === undefined && formatOf(cursor.bytes.subarray(at, end)) !== undefined) return "header";
    if (length < 12 || length % 4 !== 0) {
      const found = `a block claims to have ${length} bytes, which no block has; reading ends here`;
      tell(report, cursor.base + at, found);
      return "broken";
    }
    if (smallest === undefined) {
      countSkipped(report, kindOf(type));
    } else if (length > section.longestBlock) {
      passOver(
        section,
        cursor,
        type,
        `has ${length} bytes, more than the ${section.longestBlock} that are read`,
      );
    } else if (at + length > end) {
      return more(cursor, length);
    } else if (length < smallest) {
      passOver(section, cursor, type, `has ${length} bytes, fewer than the ${smallest} it needs`);
    } else {
      if (view.getUint32(at + length - 4, little) !== length) {
        tell(report, cursor.base + at, "the length behind this block is another one than before it");
      }
      readBlock(section, cursor, type, length, packets);
    }
    cursor.at = at + length;
  }
}

/** Says why a block is not read, and counts the packet that it may hold. */
function passOver(section: Section, cursor: Cursor, type: number, why: string): void {
  if (type === BLOCK.packet || type === BLOCK.packetSimple || type === BLOCK.packetObsolete)
    section.report.unreadable++;
  tell(section.report, cursor.base + cursor.at, `a block of type ${type} ${why}; it is passed over`);
}

function readBlock(section: Section, cursor: Cursor, type: number, length: number, packets: Packets): void {
  const { little, report } = section;
  const { view, at } = cursor;
  switch (type) {
    case BLOCK.packet: {
      const captured = view.getUint32(at + 20, little);
      const number = view.getUint32(at + 8, little);
      if (!addPacket(section, cursor, number, at + 28, captured, at + length - 4, packets)) return;
      const optionsAt = 28 + captured + (-captured & 3);
      if (length - optionsAt > 8) packetOptions(optionsOf(section, cursor, optionsAt, length), report);
      return;
    }
    case BLOCK.packetObsolete: {
      const captured = view.getUint32(at + 20, little);
      const number = view.getUint16(at + 8, little);
      const lost = view.getUint16(at + 10, little);
      if (!addPacket(section, cursor, number, at + 28, captured, at + length - 4, packets)) return;
      if (lost !== 0xffff) report.droppedBetween += lost;
      return;
    }
    case BLOCK.packetSimple: {
      // It has neither time nor captured length: all there was, up to the snap length of the first interface.
      const original = view.getUint32(at + 8, little);
      const room = length - 16;
      const snapLength = section.interfaces[0]?.snapLength || room;
      addSimple(section, cursor, Math.min(original, snapLength, room), original, packets);
      return;
    }
    case BLOCK.interface:
      addInterface(section, cursor, length);
      return;
    case BLOCK.statistics: {
      const number = view.getUint32(at + 8, little);
      const place = section.interfaces[number]?.place;
      if (place !== undefined) keepDropped(optionsOf(section, cursor, 20, length), report, place);
      return;
    }
    case BLOCK.names:
      keepNames(optionsOf(section, cursor, 8, length), report);
      return;
    case BLOCK.secrets:
      keepSecrets(cursor, length, little, report);
      return;
    default:
  }
}

/** Adds a packet with its time at 12 and its length at 24 bytes of the block at the cursor. Returns whether it did. */
function addPacket(
  section: Section,
  cursor: Cursor,
  number: number,
  start: number,
  captured: number,
  limit: number,
  packets: Packets,
): boolean {
  const { little, report } = section;
  const { view, at } = cursor;
  const seen = section.interfaces[number];
  if (seen?.place === undefined || captured > seen.longest || start + captured > limit) {
    refuse(section, cursor, number, captured, limit - start);
    return false;
  }
  const row = packets.count;
  packets.starts[row] = start;
  packets.captured[row] = captured;
  packets.original[row] = view.getUint32(at + 24, little);
  packets.interfaces[row] = seen.place;
  const high = view.getUint32(at + 12, little);
  if (!stamp(seen.clock, high, view.getUint32(at + 16, little), packets, row)) withoutTime(packets, report);
  packets.count = row + 1;
  return true;
}

function addSimple(
  section: Section,
  cursor: Cursor,
  captured: number,
  original: number,
  packets: Packets,
): void {
  const seen = section.interfaces[0];
  if (seen?.place === undefined || captured > seen.longest) {
    refuse(section, cursor, 0, captured, captured);
    return;
  }
  const row = packets.count;
  packets.starts[row] = cursor.at + 12;
  packets.captured[row] = captured;
  packets.original[row] = original;
  packets.interfaces[row] = seen.place;
  withoutTime(packets, section.report);
  packets.count = row + 1;
}

/** Gives the next packet the time of the one before it. */
function withoutTime(packets: Packets, report: CaptureReport): void {
  const row = packets.count;
  report.timeless++;
  // The row before the first of a block is the last one of the block before, which `account` has seen.
  packets.micros[row] = row > 0 ? packets.micros[row - 1]! : report.last.micros;
  packets.nanos[row] = row > 0 ? packets.nanos[row - 1]! : report.last.nanos;
}

/** Says why a packet is not read. */
function refuse(section: Section, cursor: Cursor, number: number, captured: number, room: number): void {
  const { report, interfaces } = section;
  report.unreadable++;
  const seen = interfaces[number];
  const why =
    seen === undefined
      ? `names interface ${number}, and ${interfaces.length} are described`
      : seen.place === undefined
        ? "is of an interface for which there was no room"
        : captured > room
          ? `claims to have ${captured} bytes, and its block has room for ${room}`
          : `claims to have ${captured} bytes, more than the ${seen.longest} of its kind of link`;
  tell(report, cursor.base + cursor.at, `a packet ${why}; it is left out`);
}

function addInterface(section: Section, cursor: Cursor, length: number): void {
  const { little, report } = section;
  const { view, at } = cursor;
  if (section.interfaces.length === MAX_INTERFACES) {
    countSkipped(report, "interface");
    return;
  }
  const linkType = view.getUint16(at + 8, little);
  const snapLength = view.getUint32(at + 12, little);
  const options = optionsOf(section, cursor, 16, length);
  const { seen, clock, isWhole } = readInterface(options, linkType, snapLength);
  const longest = longestPacket(linkType);
  const position = cursor.base + at;
  if (!isWhole) tell(report, position, "the options of an interface are longer than their block");
  const place = section.places.add(seen);
  if (place === undefined)
    tell(report, position, "there are too many interfaces; packets of this one are left out");
  section.interfaces.push({ place, snapLength, longest, clock });
  section.longestBlock = Math.max(section.longestBlock, longest + BLOCK_LIMIT.besidePacket);
}

function optionsOf(section: Section, cursor: Cursor, start: number, length: number): Options {
  return { cursor, from: cursor.at + start, to: cursor.at + length - 4, little: section.little };
}

/** What is said of single packets: how many were lost before it, and notes. */
function packetOptions(options: Options, report: CaptureReport): void {
  const { cursor, little } = options;
  visitOptions(options, (code, start, end) => {
    if (code === 1) report.packetComments++;
    if (code === 4 && end - start === 8) report.droppedBetween += wide(cursor, start, little);
  });
}
