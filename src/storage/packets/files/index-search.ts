import type { AddressRange, PacketNeed } from "../contract.ts";
import { addressKey, communityKey, mayHave } from "./bloom.ts";
import { ADDRESS_WORDS, BLOCK_ENTRY_BYTES, type BlockPlace, type IndexHeader } from "./index-file.ts";
import { VarintReader } from "./varint.ts";

/** Whether a segment may have packets that one of the needs asks for, by its header and the first part of its index alone. */
export function mayMatch(
  filter: Uint32Array,
  { tuples: [withoutAddresses] }: IndexHeader,
  needs: readonly PacketNeed[],
): boolean {
  return needs.some(
    ({ addresses = [], communityId, etherTypes }) =>
      (etherTypes === undefined || withoutAddresses !== 0) &&
      addresses.every(
        (range) => !isSingle(range) || mayHave(filter, addressKey(range.from, 0, range.version)),
      ) &&
      (communityId === undefined || mayHave(filter, communityKey(digestPrefix(communityId)))),
  );
}

/** The blocks of a segment, in their order. */
export function readBlocks(second: Uint8Array<ArrayBuffer>, { blocks }: IndexHeader): BlockPlace[] {
  const view = new DataView(second.buffer, second.byteOffset, second.byteLength);
  return Array.from({ length: blocks }, (_, index) => {
    const start = index * BLOCK_ENTRY_BYTES;
    return {
      at: view.getFloat64(start, true),
      minTime: view.getFloat64(start + 8, true),
      maxTime: view.getFloat64(start + 16, true),
      before: view.getUint32(start + 24, true),
      packets: view.getUint32(start + 28, true),
    };
  });
}

/**
 * The packets of conversations that meet one of the needs, by their numbers in the segment, ascending, each once.
 * @param second the second part of the index, aligned to four bytes.
 */
export function packetsOf(
  second: Uint8Array<ArrayBuffer>,
  header: IndexHeader,
  needs: readonly PacketNeed[],
): Uint32Array {
  const columns = readColumns(second, header);
  const matching: number[] = [];
  for (const { version, count, first, addresses, ports, kinds, communities } of columns.versions) {
    const tests = needs.flatMap(
      (need) => testOf(need, { version, addresses, ports, kinds, communities }) ?? [],
    );
    if (tests.length === 0) continue;
    for (let tuple = 0; tuple < count; tuple++)
      if (tests.some((test) => test(tuple))) matching.push(first + tuple);
  }
  return gather(columns, matching);
}

type Columns = {
  readonly versions: readonly (VersionColumns & { readonly count: number; readonly first: number })[];
  readonly starts: Uint32Array;
  readonly postings: Uint8Array;
};

type VersionColumns = {
  readonly version: number;
  readonly addresses: readonly Uint32Array[];
  readonly ports: Uint32Array;
  readonly kinds: Uint32Array;
  readonly communities: Uint32Array | undefined;
};

/** The columns of a second part: views, nothing is copied. */
function readColumns(second: Uint8Array<ArrayBuffer>, { blocks, tuples }: IndexHeader): Columns {
  let at = second.byteOffset + blocks * BLOCK_ENTRY_BYTES;
  const words = (count: number) => {
    const column = new Uint32Array(second.buffer, at, count);
    at += count * 4;
    return column;
  };
  let first = 0;
  const versions = [0, 4, 6].map((version, index) => {
    const count = tuples[index] ?? 0;
    const addresses = Array.from({ length: ADDRESS_WORDS[index] ?? 0 }, () => words(count));
    const ports = words(count);
    const kinds = words(count);
    const communities = addresses.length === 0 ? undefined : words(count);
    const read = { version, count, first, addresses, ports, kinds, communities };
    first += count;
    return read;
  });
  const starts = words(first + 1);
  return { versions, starts, postings: second.subarray(at - second.byteOffset) };
}

type Test = (tuple: number) => boolean;

/** The test of one need on conversations of one IP version; undefined when none of them can meet it. */
function testOf(need: PacketNeed, columns: VersionColumns): Test | undefined {
  const { addresses: ranges = [], ports: wantedPorts = [], protocol, vlan, communityId, etherTypes } = need;
  const { version, addresses, ports, kinds, communities } = columns;
  const tests: Test[] = [];
  for (const range of ranges) {
    if (range.version !== version) return undefined;
    const half = addresses.length / 2;
    const low = addresses.slice(0, half);
    const high = addresses.slice(half);
    tests.push((tuple) => isWithin(low, tuple, range) || isWithin(high, tuple, range));
  }
  if (version === 0 && (wantedPorts.length > 0 || protocol !== undefined || communityId !== undefined))
    return undefined;
  if (etherTypes !== undefined) {
    if (version !== 0) return undefined;
    tests.push((tuple) => etherTypes.includes(ports[tuple] as number));
  }
  for (const port of wantedPorts)
    tests.push(
      (tuple) => (ports[tuple] as number) >>> 16 === port || ((ports[tuple] as number) & 0xffff) === port,
    );
  if (protocol !== undefined) tests.push((tuple) => ((kinds[tuple] as number) & 0xffff) === protocol);
  if (vlan !== undefined) tests.push((tuple) => (kinds[tuple] as number) >>> 16 === vlan);
  if (communityId !== undefined && communities !== undefined) {
    const prefix = digestPrefix(communityId);
    tests.push((tuple) => communities[tuple] === prefix);
  }
  return (tuple) => tests.every((test) => test(tuple));
}

/** Compares addresses of one or four words with a range. */
function isWithin(words: readonly Uint32Array[], tuple: number, { from, to }: AddressRange): boolean {
  const skipped = 4 - words.length;
  return compare(words, tuple, from, skipped) >= 0 && compare(words, tuple, to, skipped) <= 0;
}

function compare(
  words: readonly Uint32Array[],
  tuple: number,
  other: readonly number[],
  skipped: number,
): number {
  for (const [index, column] of words.entries()) {
    const difference = (column[tuple] as number) - (other[skipped + index] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The packets of conversations, ascending, each once. */
function gather({ starts, postings }: Columns, tuples: readonly number[]): Uint32Array {
  const packets: number[] = [];
  for (const tuple of tuples) {
    const reader = new VarintReader(postings, starts[tuple] as number, starts[tuple + 1] as number);
    let packet = 0;
    while (!reader.isDone && !reader.isBroken) {
      packet += reader.next();
      packets.push(packet);
    }
  }
  const sorted = Uint32Array.from(packets).sort();
  let count = 0;
  for (const packet of sorted) {
    if (count > 0 && sorted[count - 1] === packet) continue;
    sorted[count++] = packet;
  }
  return sorted.subarray(0, count);
}

function isSingle({ from, to }: AddressRange): boolean {
  return from.every((word, index) => word === to[index]);
}

/** The first four bytes of the digest that a Community ID (`1:` and base64) spells. */
function digestPrefix(communityId: string): number {
  const digest = Buffer.from(communityId.slice(communityId.indexOf(":") + 1), "base64");
  return digest.length < 4 ? 0 : digest.readUInt32BE(0);
}
