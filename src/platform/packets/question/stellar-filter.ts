import { AuthorError } from "../../../core/author-error.ts";
import { formatIpv4, formatIpv6 } from "../../../core/ip.ts";
import { parseByteseek } from "../../../pcap/filters/bytes/byteseek.ts";
import { type ByteSearch, compileSearch } from "../../../pcap/filters/bytes/search.ts";
import type { Block, PacketFilter } from "../../../pcap/filters/filter.ts";
import type { Layers } from "../../../pcap/layers.ts";
import { StellarError } from "../../../stellar/language/error.ts";
import { compile } from "../../../stellar/run/compile.ts";
import type { Environment } from "../../../stellar/run/environment.ts";
import type { Variables } from "../../../stellar/run/variables.ts";
import { type Opaque, StellarMap, type Value } from "../../../stellar/values/value.ts";
import { hasPorts } from "./fields.ts";

/** The bytes of a packet, as an expression holds them. They are the packet's only while it is looked at. */
class PacketBytes implements Opaque {
  static readonly stellarType = "packet";
  readonly stellarType = PacketBytes.stellarType;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Patterns of BYTEARRAY_MATCHER that are kept compiled; an expression may make them up as it goes. */
const MOST_PATTERNS = 100;

/** An environment in which expressions may look into packets with BYTEARRAY_MATCHER. */
export function packetEnvironment({ services, ...environment }: Environment): Environment {
  const searches = new Map<string, ByteSearch>();
  const matches = (pattern: string, packet: Value): boolean => {
    if (!(packet instanceof PacketBytes)) throw new StellarError("BYTEARRAY_MATCHER looks into `packet`");
    let search = searches.get(pattern);
    if (search === undefined) {
      search = searchFor(pattern);
      if (searches.size >= MOST_PATTERNS) searches.clear();
      searches.set(pattern, search);
    }
    return search(packet.bytes, 0, packet.bytes.length);
  };
  return { ...environment, services: { ...services, packets: { matches } } };
}

function searchFor(pattern: string): ByteSearch {
  try {
    return compileSearch(parseByteseek(pattern));
  } catch (error) {
    if (!(error instanceof AuthorError)) throw error;
    throw new StellarError(`BYTEARRAY_MATCHER: ${error.message}`);
  }
}

const NAMES = ["ip_src_addr", "ip_dst_addr", "ip_src_port", "ip_dst_port", "protocol", "packet"] as const;

/**
 * Compiles the original's query filter: a Stellar predicate over the fields of a packet, which is found when the predicate is true of one of its
 * conversations. Fields that a conversation does not have are null. An expression that fails for a packet ends the query, as in the original.
 *
 * @throws StellarError when the text is no expression, and later from the filter when it fails
 */
export function compileStellarFilter(text: string, environment: Environment): PacketFilter {
  const program = compile(text, environment);
  let block: Block | undefined;
  let row = 0;
  let bytes: PacketBytes | undefined;
  const get = (name: string): Value | undefined => {
    if (block === undefined) return undefined;
    const { layers } = block;
    const hasAddress = layers.version[row] !== 0;
    switch (name) {
      case "packet":
        return bytes;
      case "ip_src_addr":
        return hasAddress ? addressOf(layers, layers.source, row) : undefined;
      case "ip_dst_addr":
        return hasAddress ? addressOf(layers, layers.destination, row) : undefined;
      case "ip_src_port":
        return portOf(layers, layers.sourcePort, row);
      case "ip_dst_port":
        return portOf(layers, layers.destinationPort, row);
      case "protocol":
        return hasAddress ? layers.protocol[row] : undefined;
      default:
        return undefined;
    }
  };
  const variables: Variables = {
    get,
    all() {
      const all = new StellarMap();
      for (const name of NAMES) all.set(name, get(name) ?? null);
      return all;
    },
  };
  return (current, packet, first, end) => {
    block = current;
    const start = current.packets.starts[packet] as number;
    const captured = current.packets.captured[packet] as number;
    bytes = new PacketBytes(current.packets.bytes.subarray(start, start + captured));
    for (row = first; row < end; row++) if (program.test(variables) === true) return true;
    return false;
  };
}

function addressOf(layers: Layers, words: Uint32Array, row: number): string {
  const at = 4 * row;
  const [first = 0, second = 0, third = 0, last = 0] = words.subarray(at, at + 4);
  return layers.version[row] === 4 ? formatIpv4(last) : formatIpv6([first, second, third, last]);
}

function portOf(layers: Layers, ports: Int32Array, row: number): number | undefined {
  const port = ports[row] as number;
  return port >= 0 && hasPorts(layers.protocol[row] as number) ? port : undefined;
}
