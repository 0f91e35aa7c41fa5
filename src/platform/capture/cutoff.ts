import type { Layers } from "../../pcap/layers.ts";
import type { Packets } from "../../pcap/packets.ts";

/** Flows whose bytes are counted; each has two directions. */
const SLOTS = 1 << 19;
/** Places at which a direction may be counted. */
const PROBES = 4;

const TCP = 6;
const SYN = 2;
const TCP_FLAGS_AT = 13;

/**
 * Cuts the payload of packets that come after so many bytes of payload in their direction of their flow; headers stay. Of tunnels the
 * innermost flow counts. Memory is fixed: when too many flows go on at once, those that said least begin anew, and more of them is kept.
 */
export function openCutoff(limit: number): (packets: Packets, layers: Layers) => Packets {
  const low = new Uint32Array(SLOTS);
  const high = new Uint32Array(SLOTS);
  const said = new Float64Array(SLOTS);
  const key = { low: 0, high: 0 };

  const slotOf = (layers: Layers, row: number): number => {
    hash(layers, row, key);
    let least = -1;
    for (let probe = 0; probe < PROBES; probe++) {
      const slot = (key.low + probe) & (SLOTS - 1);
      if (low[slot] === key.low && high[slot] === key.high) return slot;
      if (least < 0 || said[slot]! < said[least]!) least = slot;
    }
    low[least] = key.low;
    high[least] = key.high;
    said[least] = 0;
    return least;
  };

  return (packets, layers) => {
    const captured = packets.captured.slice(0, packets.count);
    for (let row = 0; row < layers.count; row++) {
      const packet = layers.packet[row]!;
      const isInnermost = row + 1 === layers.count || layers.packet[row + 1] !== packet;
      if (!isInnermost || layers.version[row] === 0) continue;
      const slot = slotOf(layers, row);
      if (isSyn(packets, layers, row)) said[slot] = 0;
      const left = Math.max(0, limit - said[slot]!);
      said[slot]! += layers.payloadWire[row]!;
      const start = packets.starts[packet]!;
      const most = layers.payload[row]! - start + left;
      // What is behind the payload is padding.
      if (left < layers.payloadWire[row]! && most < captured[packet]!) captured[packet] = most;
    }
    return { ...packets, captured };
  };
}

/** A port is used again by a flow that is another. */
function isSyn(packets: Packets, { protocol, transport, payload }: Layers, row: number): boolean {
  const flags = transport[row]! + TCP_FLAGS_AT;
  return protocol[row] === TCP && flags < payload[row]! && (packets.bytes[flags]! & SYN) !== 0;
}

/** Hashes one direction of a flow, twice. */
function hash(layers: Layers, row: number, key: { low: number; high: number }): void {
  const { source, destination, sourcePort, destinationPort, protocol } = layers;
  let one = protocol[row]! ^ (sourcePort[row]! << 16) ^ destinationPort[row]!;
  let other = one ^ 0x9e3779b9;
  for (let word = 4 * row; word < 4 * row + 4; word++) {
    one = mix(one, source[word]!);
    other = mix(other, destination[word]!);
  }
  key.low = mix(one, other) >>> 0;
  key.high = mix(other, one) >>> 0;
}

/** A round of MurmurHash3 (public domain). */
function mix(state: number, word: number): number {
  const scrambled = Math.imul(
    (Math.imul(word, 0xcc9e2d51) << 15) | (Math.imul(word, 0xcc9e2d51) >>> 17),
    0x1b873593,
  );
  const turned = state ^ scrambled;
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0;
}
