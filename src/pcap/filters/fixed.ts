import { AuthorError } from "../../core/author-error.ts";
import { ipProtocolNumber } from "../../core/ip-protocol.ts";
import { type NetworkValue, readNetwork } from "../../schema/address.ts";
import type { Layers } from "../layers.ts";
import { everyFilter, type PacketFilter } from "./filter.ts";
import { frameSearch } from "./search-filter.ts";

/** The original's fixed filter. What is absent lets everything pass. */
export type FixedFilter = {
  /** An address of either version in any spelling, or a network such as `10.0.0.0/8`. */
  readonly ip_src_addr?: string | undefined;
  readonly ip_dst_addr?: string | undefined;
  readonly ip_src_port?: number | undefined;
  readonly ip_dst_port?: number | undefined;
  /** An IP protocol by number or by name in any case. */
  readonly protocol?: string | number | undefined;
  /** Whether packets pass as well whose source and destination are exchanged as a whole. */
  readonly includes_reverse_traffic?: boolean | undefined;
  /** A pattern of bytes, in the syntax of byteseek, that the frame must hold. */
  readonly packet_filter?: string | undefined;
  /** From when, and up to but not including when: microseconds since 1970. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

/** Protocols whose `sourcePort` and `destinationPort` are ports, and not type and code. */
const WITH_PORTS = new Set([6, 17, 33, 132, 136]);

/**
 * Compiles the original's fixed filter. Addresses, ports and protocol are compared by value, all with one row, so a packet passes when
 * the packet in one of its tunnels does.
 * @throws AuthorError that names the value that is wrong
 */
export function compileFixedFilter(fixed: FixedFilter): PacketFilter {
  const filters: PacketFilter[] = [];
  const { from, to } = fixed;
  if (from !== undefined) filters.push(({ packets }, packet) => packets.micros[packet]! >= from);
  if (to !== undefined) filters.push(({ packets }, packet) => packets.micros[packet]! < to);
  const tuple = compileTuple(fixed);
  if (tuple !== undefined)
    filters.push(({ layers }, _packet, first, end) => {
      for (let row = first; row < end; row++) if (tuple(layers, row)) return true;
      return false;
    });
  if (fixed.packet_filter !== undefined) filters.push(frameSearch({ byteseek: fixed.packet_filter }));
  return everyFilter(filters);
}

type RowTest = (layers: Layers, row: number) => boolean;

function compileTuple(fixed: FixedFilter): RowTest | undefined {
  const source = compileNetwork("ip_src_addr", fixed.ip_src_addr);
  const destination = compileNetwork("ip_dst_addr", fixed.ip_dst_addr);
  const sourcePort = checkPort("ip_src_port", fixed.ip_src_port);
  const destinationPort = checkPort("ip_dst_port", fixed.ip_dst_port);
  const protocol = checkProtocol(fixed.protocol);
  const hasPort = sourcePort !== undefined || destinationPort !== undefined;
  if (source === undefined && destination === undefined && !hasPort && protocol === undefined)
    return undefined;
  return (layers, row) => {
    if (layers.version[row] === 0) return false;
    if (protocol !== undefined && layers.protocol[row] !== protocol) return false;
    if (hasPort && !WITH_PORTS.has(layers.protocol[row]!)) return false;
    if (isTuple(layers.source, layers.destination, layers.sourcePort, layers.destinationPort)) return true;
    if (fixed.includes_reverse_traffic !== true) return false;
    return isTuple(layers.destination, layers.source, layers.destinationPort, layers.sourcePort);

    function isTuple(from: Uint32Array, to: Uint32Array, fromPort: Int32Array, toPort: Int32Array): boolean {
      const version = layers.version[row]!;
      return (
        (source === undefined || source(version, from, row)) &&
        (destination === undefined || destination(version, to, row)) &&
        (sourcePort === undefined || fromPort[row] === sourcePort) &&
        (destinationPort === undefined || toPort[row] === destinationPort)
      );
    }
  };
}

type AddressTest = (version: number, words: Uint32Array, row: number) => boolean;

function compileNetwork(name: string, text: string | undefined): AddressTest | undefined {
  if (text === undefined) return undefined;
  const network = readNetwork(text.trim());
  if (network === undefined)
    throw new AuthorError(
      `${name}: ${JSON.stringify(text)} is no address or network. Write 192.0.2.1, 2001:db8::1 or 10.0.0.0/8.`,
    );
  return networkTest(network);
}

/** Whether an address, as four words of a row, is in a network. */
function networkTest({ address, bits }: NetworkValue): AddressTest {
  if (typeof address === "number") {
    const mask = maskOf(bits);
    const wanted = (address & mask) >>> 0;
    return (version, words, row) => version === 4 && (words[4 * row + 3]! & mask) >>> 0 === wanted;
  }
  const masks = [0, 1, 2, 3].map((word) => maskOf(bits - 32 * word));
  const wanted = address.map((word, index) => (word & masks[index]!) >>> 0);
  return (version, words, row) => {
    if (version !== 6) return false;
    for (let word = 0; word < 4; word++)
      if ((words[4 * row + word]! & masks[word]!) >>> 0 !== wanted[word]) return false;
    return true;
  };
}

/** A word whose first `bits` are set; any number of them. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? 0xffff_ffff : ~(0xffff_ffff >>> bits) >>> 0;
}

function checkPort(name: string, port: number | undefined): number | undefined {
  if (port === undefined || (Number.isInteger(port) && port >= 0 && port <= 0xffff)) return port;
  throw new AuthorError(`${name}: ${port} is no port. Ports are whole numbers from 0 to 65535.`);
}

function checkProtocol(protocol: string | number | undefined): number | undefined {
  if (protocol === undefined) return undefined;
  const number = ipProtocolNumber(String(protocol).trim());
  if (number === undefined)
    throw new AuthorError(
      `protocol: ${JSON.stringify(protocol)} is no IP protocol. Write a number up to 255 or a name such as TCP.`,
    );
  return number;
}
