import type { PacketRow } from "../../../api/packet-reading.ts";
import { formatIpv4, formatIpv6 } from "../../../core/ip.ts";
import { ipProtocolName } from "../../../core/ip-protocol.ts";
import { communityId } from "../../../pcap/decode/community-id.ts";
import { LINK } from "../../../pcap/decode/link-types.ts";
import type { Block } from "../../../pcap/filters/filter.ts";
import { FLAG, type Layers } from "../../../pcap/layers.ts";
import { hasPorts } from "../question/fields.ts";
import { applicationOf, infoOf } from "./info.ts";

/** What a row needs to know beside its packet. */
export type RowPlace = {
  readonly number: number;
  /** Microseconds of the row before; undefined for the first. */
  readonly before: number | undefined;
};

/**
 * A packet as a row of a list shows it: the innermost of its conversations.
 * @param first its rows in the layers, up to but not including `end`
 */
export function rowOf(block: Block, packet: number, first: number, end: number, place: RowPlace): PacketRow {
  const { packets, layers } = block;
  const row = end - 1;
  const micros = packets.micros[packet] as number;
  const seen = packets.seen[packets.interfaces[packet] as number];
  const version = layers.version[row] as number;
  const protocol = layers.protocol[row] as number;
  const application = applicationOf(block, row);
  const protocols = [
    ...(LINKS.get(seen?.linkType ?? -1) ?? []),
    ...Array.from({ length: end - first }, (_, index) => namesOf(layers, first + index)).flat(),
    ...(application === undefined ? [] : [application]),
  ];
  const isPorted = version !== 0 && hasPorts(protocol) && (layers.sourcePort[row] as number) >= 0;
  const vlan = layers.vlan[row] as number;
  const community = communityId(layers, row);
  const name = seen?.name;
  return {
    number: place.number,
    time: micros / 1000,
    nanos: packets.nanos[packet] as number,
    delta: place.before === undefined ? 0 : (micros - place.before) / 1000,
    ...addressesOf(block, packet, row),
    ...(isPorted
      ? {
          sourcePort: layers.sourcePort[row] as number,
          destinationPort: layers.destinationPort[row] as number,
        }
      : {}),
    protocols,
    protocol: (protocols.at(-1) ?? "unknown").toUpperCase(),
    length: packets.original[packet] as number,
    captured: packets.captured[packet] as number,
    payload: layers.payloadWire[row] as number,
    info: infoOf(block, packet, row, application),
    ...(community === undefined ? {} : { communityId: community }),
    ...(vlan < 0 ? {} : { vlan }),
    depth: layers.depth[row] as number,
    ...(name === undefined ? {} : { interface: name }),
    notes: notesOf(block, packet, first, end),
  };
}

const LINKS: ReadonlyMap<number, readonly string[]> = new Map(
  Object.entries(LINK).map(([name, number]) => [number, [name.toLowerCase()]]),
);
const ARP = 0x0806;

function addressesOf(
  { packets, layers }: Block,
  packet: number,
  row: number,
): Pick<PacketRow, "source" | "destination"> {
  const version = layers.version[row] as number;
  if (version !== 0)
    return {
      source: addressOf(layers.source, version, row),
      destination: addressOf(layers.destination, version, row),
    };
  const linkType = packets.seen[packets.interfaces[packet] as number]?.linkType;
  const start = packets.starts[packet] as number;
  if (linkType !== LINK.ethernet || (packets.captured[packet] as number) < 14) return {};
  return { source: hardware(packets.bytes, start + 6), destination: hardware(packets.bytes, start) };
}

/** The address of a row as text (RFC 5952). */
export function addressOf(words: Uint32Array, version: number, row: number): string {
  const [first = 0, second = 0, third = 0, last = 0] = words.subarray(4 * row, 4 * row + 4);
  return version === 4 ? formatIpv4(last) : formatIpv6([first, second, third, last]);
}

function hardware(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function namesOf(layers: Layers, row: number): string[] {
  const version = layers.version[row] as number;
  if (version === 0) return layers.etherType[row] === ARP ? ["arp"] : [];
  const protocol = layers.protocol[row] as number;
  const transport = ipProtocolName(protocol)?.toLowerCase() || `ip-${protocol}`;
  return [`ipv${version}`, transport];
}

function notesOf({ packets, layers }: Block, packet: number, first: number, end: number): string[] {
  let flags = 0;
  for (let row = first; row < end; row++) flags |= layers.flags[row] as number;
  const missing = (packets.original[packet] as number) - (packets.captured[packet] as number);
  return [
    ...(missing > 0 ? [`${missing} bytes were not captured`] : []),
    ...(flags & FLAG.broken ? ["headers are cut off or contradict themselves"] : []),
    ...(flags & FLAG.fragment ? ["a fragment"] : []),
  ];
}
