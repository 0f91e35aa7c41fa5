import { communityPrefix } from "../../../pcap/decode/community-id.ts";
import type { Layers } from "../../../pcap/layers.ts";
import { openSecretHash } from "../../../pcap/secret-hash.ts";

/**
 * The conversations of a segment while it is written, and which packets each has: a hash table over columns. A packet in a tunnel belongs to
 * the conversation of the tunnel and to the one inside. Both directions are one conversation, but for ICMP, whose types have a direction.
 */

/** Words of a key: two addresses, ports, the kind, VLAN. */
export const KEY_WORDS = 11;
/** The words in which addresses of IPv4 are; the second is followed by the rest of the key. */
const FIRST_IPV4 = 3;
const SECOND_IPV4 = 7;
/** Behind the eight words of the addresses: ports (the one of the first address in the upper half), what kind, the VLAN. */
export const PORTS = 8;
export const KIND_WORD = 9;
export const VLAN_WORD = 10;
/** Of the kind: bits of the IP version above the protocol; without one, the EtherType is in place of the ports. */
export const VERSION_SHIFT = 16;
/** There is no port, or no VLAN. */
const NONE = 0xffff;
const ICMP = 1;
const ICMP6 = 58;
const secret = openSecretHash(KEY_WORDS);

export class TupleTable {
  /** Conversations so far. */
  count = 0;
  /** `KEY_WORDS` words each. */
  keys = new Uint32Array(1024 * KEY_WORDS);
  /** The first four bytes of the digest in the Community ID of each, 0 where it has none. */
  communities = new Uint32Array(1024);
  /** Pairs of conversation and packet so far, in the order of packets. */
  rows = 0;
  rowTuple = new Uint32Array(4096);
  rowPacket = new Uint32Array(4096);
  #slots = new Uint32Array(4096);
  #mask = 4095;
  readonly #key = new Uint32Array(KEY_WORDS);

  /** Notes the conversations of packets; the first of them is packet `before` of the segment. */
  add(layers: Layers, from: number, to: number, before: number): void {
    for (let row = from; row < to; row++) {
      readKey(layers, row, this.#key);
      this.#note(this.#find(layers, row), before + (layers.packet[row] as number));
    }
  }

  clear(): void {
    this.count = 0;
    this.rows = 0;
    this.#slots.fill(0);
  }

  #note(tuple: number, packet: number): void {
    if (this.rows === this.rowTuple.length) {
      this.rowTuple = grown(this.rowTuple);
      this.rowPacket = grown(this.rowPacket);
    }
    this.rowTuple[this.rows] = tuple;
    this.rowPacket[this.rows] = packet;
    this.rows++;
  }

  /** The number of the conversation in `#key`, a new one if there is none yet. */
  #find(layers: Layers, row: number): number {
    const key = this.#key;
    let slot = hashOf(key) & this.#mask;
    for (;;) {
      const found = this.#slots[slot] as number;
      if (found === 0) break;
      if (this.#isKey(found - 1)) return found - 1;
      slot = (slot + 1) & this.#mask;
    }
    const tuple = this.count++;
    if (this.keys.length < this.count * KEY_WORDS) {
      this.keys = grown(this.keys);
      this.communities = grown(this.communities);
    }
    this.communities[tuple] = communityPrefix(layers, row);
    this.keys.set(key, tuple * KEY_WORDS);
    this.#slots[slot] = this.count;
    if (this.count * 2 > this.#mask) this.#rehash();
    return tuple;
  }

  #isKey(tuple: number): boolean {
    const { keys } = this;
    const key = this.#key;
    const start = tuple * KEY_WORDS;
    // The words that tell most conversations apart come first; those before them are 0 unless the addresses are of IPv6.
    for (let word = SECOND_IPV4; word < KEY_WORDS; word++) if (keys[start + word] !== key[word]) return false;
    if (keys[start + FIRST_IPV4] !== key[FIRST_IPV4]) return false;
    if ((key[KIND_WORD] as number) >>> VERSION_SHIFT !== 6) return true;
    for (let word = 0; word < SECOND_IPV4; word++) if (keys[start + word] !== key[word]) return false;
    return true;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    this.#mask = this.#slots.length - 1;
    for (let tuple = 0; tuple < this.count; tuple++) {
      let slot = hashOf(this.keys.subarray(tuple * KEY_WORDS, (tuple + 1) * KEY_WORDS)) & this.#mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = tuple + 1;
    }
  }
}

/** The key of a row of layers: the lower end first, unless the direction matters. */
function readKey(layers: Layers, row: number, key: Uint32Array): void {
  const version = layers.version[row] as number;
  const vlan = layers.vlan[row] as number;
  key[VLAN_WORD] = vlan < 0 ? NONE : vlan;
  if (version === 0) {
    key.fill(0, 0, PORTS);
    key[PORTS] = layers.etherType[row] as number;
    key[KIND_WORD] = 0;
    return;
  }
  const protocol = layers.protocol[row] as number;
  const sourcePort = (layers.sourcePort[row] as number) & NONE;
  const destinationPort = (layers.destinationPort[row] as number) & NONE;
  const at = row * 4;
  const isSwapped =
    protocol !== ICMP && protocol !== ICMP6 && comesAfter(layers, at, sourcePort, destinationPort);
  const first = isSwapped ? layers.destination : layers.source;
  const second = isSwapped ? layers.source : layers.destination;
  for (let word = 0; word < 4; word++) {
    key[word] = first[at + word] as number;
    key[4 + word] = second[at + word] as number;
  }
  key[PORTS] = isSwapped
    ? ((destinationPort << 16) | sourcePort) >>> 0
    : ((sourcePort << 16) | destinationPort) >>> 0;
  key[KIND_WORD] = (version << VERSION_SHIFT) | (protocol & NONE);
}

function comesAfter(layers: Layers, at: number, sourcePort: number, destinationPort: number): boolean {
  for (let word = at; word < at + 4; word++) {
    const source = layers.source[word] as number;
    const destination = layers.destination[word] as number;
    if (source !== destination) return source > destination;
  }
  return sourcePort > destinationPort;
}

/** Spreads a key over 32 bits (the mixing steps of MurmurHash3, Austin Appleby, public domain), differently in each process. */
export function hashOf(key: Uint32Array): number {
  let hash = secret.spread(FIRST_IPV4, key[FIRST_IPV4] as number);
  for (let word = SECOND_IPV4; word < KEY_WORDS; word++)
    hash = mixed(hash, secret.spread(word, key[word] as number));
  if ((key[KIND_WORD] as number) >>> VERSION_SHIFT === 6)
    for (let word = 0; word < SECOND_IPV4; word++)
      hash = mixed(hash, secret.spread(word, key[word] as number));
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mixed(hash: number, word: number): number {
  const first = Math.imul(word, 0xcc9e2d51);
  const other = hash ^ Math.imul((first << 15) | (first >>> 17), 0x1b873593);
  return (Math.imul((other << 13) | (other >>> 19), 5) + 0xe6546b64) | 0;
}

function grown(words: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(words.length * 2);
  larger.set(words);
  return larger;
}
