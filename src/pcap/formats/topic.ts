import { allocateBytes } from "../../core/text.ts";
import { emptyPackets, type Packets } from "../packets.ts";
import { type Clock, stamp } from "./clock.ts";
import { interfacePlaces } from "./interfaces.ts";
import { FULL, longestPacket } from "./limits.ts";
import { onePacketReader } from "./one-packet.ts";
import { FILE_HEADER } from "./pcap.ts";
import { PCAP_MAGIC } from "./recognise.ts";
import { account, type CaptureReport, newReport, tell } from "./report.ts";

/** How the original's probes write packets to its topic: `kafka.pcap.ts_scheme` and `kafka.pcap.ts_granularity`. */
export type TopicForm =
  /** The key is the time in these units since 1970, the value the frame alone (Ethernet). */
  | { readonly scheme: "FROM_KEY"; readonly granularity: keyof typeof CLOCKS }
  /** The value is a pcap capture of one packet. */
  | { readonly scheme: "FROM_PACKET" };

/** Takes records of a topic and makes blocks of packets. A block is valid until the next record is added. */
export type TopicReader = {
  /** Positions of its problems are numbers of records. */
  readonly report: CaptureReport;
  /** Takes a record. Returns whether the block is full: `take` must then be called before the next. */
  add(key: Uint8Array, value: Uint8Array): boolean;
  /** The packets since the last call. */
  take(): Packets;
};

const CLOCKS = {
  MILLISECONDS: { base: 10, exponent: 3, offset: 0 },
  MICROSECONDS: { base: 10, exponent: 6, offset: 0 },
  NANOSECONDS: { base: 10, exponent: 9, offset: 0 },
} as const satisfies Record<string, Clock>;

/** Links of FROM_KEY say nothing of themselves; the original's probes capture Ethernet, 65,535 bytes of each packet. */
const ETHERNET = { linkType: 1, snapLength: 65_535 };

/** Opens a reader for records of one form. */
export function topicReader(form: TopicForm): TopicReader {
  const report = newReport();
  const places = interfacePlaces(report);
  const readPacket = onePacketReader(places);
  const bytes = allocateBytes(FULL.bytes);
  const view = new DataView(bytes.buffer);
  const packets = emptyPackets(FULL.rows, report.interfaces);
  packets.bytes = bytes;
  if (form.scheme === "FROM_KEY") places.add(ETHERNET);
  const longest = longestPacket(ETHERNET.linkType);
  let records = 0;
  let used = 0;
  let isTaken = false;

  function addFrame(granularity: keyof typeof CLOCKS, key: Uint8Array, length: number): string | undefined {
    if (key.length !== 8) return `has a key of ${key.length} bytes; a time has 8`;
    const row = packets.count;
    if (!stamp(CLOCKS[granularity], word(key, 0), word(key, 4), packets, row)) {
      return "has a key that is no time since 1970";
    }
    packets.starts[row] = used;
    packets.captured[row] = length;
    packets.original[row] = length;
    packets.interfaces[row] = 0;
    packets.count++;
    return undefined;
  }

  function addValue(key: Uint8Array, value: Uint8Array): string | undefined {
    if (value.length > longest) return `has ${value.length} bytes, more than the ${longest} of a packet`;
    bytes.set(value, used);
    return form.scheme === "FROM_KEY"
      ? addFrame(form.granularity, key, value.length)
      : readPacket(view, used, used + value.length, packets);
  }

  return {
    report,
    add(key, value) {
      if (isTaken) {
        packets.count = 0;
        used = 0;
        isTaken = false;
      }
      const why = addValue(key, value);
      if (why === undefined) used += value.length;
      else {
        report.unreadable++;
        tell(report, records, `the record ${why}; it is left out`);
      }
      records++;
      report.bytes += value.length;
      return packets.count === FULL.rows || FULL.bytes - used < longest;
    },
    take() {
      if (isTaken) packets.count = 0;
      isTaken = true;
      account(report, packets);
      return packets;
    },
  };
}

/**
 * Returns what tells the time of a record, for putting records in order: in the unit of the key, or in microseconds with FROM_PACKET. One that
 * cannot be read is before all others.
 */
export function topicTime(form: TopicForm): (key: Uint8Array, value: Uint8Array) => number {
  if (form.scheme === "FROM_KEY")
    return (key) => (key.length === 8 ? word(key, 0) * 2 ** 32 + word(key, 4) : Number.NEGATIVE_INFINITY);
  return (_key, value) => {
    if (value.length < FILE_HEADER + 8) return Number.NEGATIVE_INFINITY;
    const isLittle = value[0] !== 0xa1;
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    const isNano = view.getUint32(0, isLittle) === PCAP_MAGIC.nano;
    const fraction = view.getUint32(FILE_HEADER + 4, isLittle);
    return view.getUint32(FILE_HEADER, isLittle) * 1e6 + (isNano ? fraction / 1000 : fraction);
  };
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
